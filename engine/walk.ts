import type {Problem} from './errors.ts';
import type {Outcome} from './events.ts';
import type {Graph, Node} from './graph.ts';
import {type Session, tell} from './session.ts';
import type {Settled} from './settled.ts';

/**
 * What a walk does with one node. It may say how the node came to rest before what it has journaled of that is on disk:
 * what needs it begins, and its intent is written by the same sync. A rejection then still ends the run.
 */
export type Treatment = (node: Node, signal: AbortSignal, settle: (settled: Settled) => void) => Promise<Settled>;

export interface WalkOptions {
  readonly concurrency: number;
  /** After a failure other branches go on. */
  readonly keepGoing: boolean;
  /** What stands first in the file is visited first, for somebody who reads along. */
  readonly inFileOrder?: boolean;
  /** Nodes that this walk leaves alone (`--until`, `--only`); resume goes on with them. */
  leaves(node: Node): boolean;
  readonly treat: Treatment;
}

export interface Walked {
  readonly outcome: Outcome;
  readonly failures: readonly {readonly step: string; readonly problem: Problem}[];
  /** It was stopped before anything was done, so there is nothing to journal. */
  readonly isUntouched?: boolean;
}

/** Visits every node after what it needs, several at a time. The one loop. */
export const walk = async (session: Session, options: WalkOptions): Promise<Walked> => {
  const walker = new Walker(session, options);
  return await walker.walk();
};

/** Nodes that need the same, as the items of a `foreach` do: they wait as one. */
interface Barrier {
  readonly needs: readonly string[];
  readonly waiting: Node[];
  unmet: number;
}

/** In the order of the file. */
const barriersOf = ({nodes}: Graph): Iterable<Barrier> => {
  const barriers = new Map<readonly string[], Barrier>();
  for (const node of nodes.values()) {
    const {needs} = node;
    const known = barriers.get(needs);
    if (known === undefined) barriers.set(needs, {needs, waiting: [node], unmet: needs.length});
    else known.waiting.push(node);
  }
  return barriers.values();
};

class Walker {
  readonly #session: Session;
  readonly #options: WalkOptions;
  readonly #settled = new Map<string, Settled>();
  /** What waits for a node, by its key. */
  readonly #barriers = new Map<string, Barrier[]>();
  readonly #ready: Node[] = [];
  readonly #failures: {step: string; problem: Problem}[] = [];
  readonly #running = new Set<Promise<void>>();
  /** Those of them that have not come to rest. */
  #unsettled = 0;
  #next = 0;
  #fatal: {error: unknown} | undefined;
  #wake = (): void => {};

  constructor(session: Session, options: WalkOptions) {
    this.#session = session;
    this.#options = options;
    for (const barrier of barriersOf(session.graph)) {
      // there may be more than a call can have arguments
      if (barrier.unmet === 0) for (const node of barrier.waiting) this.#ready.push(node);
      for (const need of barrier.needs) {
        const list = this.#barriers.get(need);
        if (list === undefined) this.#barriers.set(need, [barrier]);
        else list.push(barrier);
      }
    }
  }

  async walk(): Promise<Walked> {
    const {signal} = this.#session.host;
    const tellInterrupt = (): void => tell(this.#session, {type: 'interrupted', reason: String(signal.reason)});
    signal.addEventListener('abort', tellInterrupt, {once: true});
    try {
      await this.#visitAll();
      await this.#visitAlways();
    } finally {
      signal.removeEventListener('abort', tellInterrupt);
    }
    return {outcome: this.#outcome(), failures: this.#failures};
  }

  #isStopping(): boolean {
    const failed = this.#failures.length > 0 && !this.#options.keepGoing;
    return failed || this.#session.host.signal.aborted || this.#fatal !== undefined;
  }

  async #visitAll(): Promise<void> {
    for (;;) {
      while (!this.#isStopping() && this.#hasRoom()) {
        const node = this.#take();
        if (node === undefined) break;
        this.#launch(node, this.#session.host.signal);
      }
      if (this.#running.size === 0) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#fatal !== undefined) throw this.#fatal.error;
  }

  /** What only waits for the disk takes no place, but does not pile up either. */
  #hasRoom(): boolean {
    const {concurrency} = this.#options;
    return this.#unsettled < concurrency && this.#running.size < 2 * concurrency;
  }

  #take(): Node | undefined {
    if (this.#options.inFileOrder === true) {
      const left = this.#ready.splice(this.#next).sort((a, b) => a.index - b.index);
      this.#ready.push(...left);
    }
    const node = this.#ready[this.#next];
    if (node !== undefined) this.#next++;
    return node;
  }

  /** `always` steps that a failure or an interrupt has kept from starting run now; only a second signal stops them. */
  async #visitAlways(): Promise<void> {
    if (!this.#isStopping()) return;
    for (const node of this.#session.graph.nodes.values()) {
      if (!node.step.always || this.#settled.has(node.key) || this.#options.leaves(node)) continue;
      this.#launch(node, this.#session.host.killSignal);
      await Promise.all(this.#running);
      if (this.#fatal !== undefined) throw this.#fatal.error;
    }
  }

  #launch(node: Node, signal: AbortSignal): void {
    if (this.#options.leaves(node)) {
      this.#settle(node, {kind: 'skipped', reason: 'not-selected'});
      return;
    }
    let isSettled = false;
    const settle = (settled: Settled): void => {
      if (isSettled) return;
      isSettled = true;
      this.#unsettled -= 1;
      this.#settle(node, settled);
      this.#wake();
    };
    this.#unsettled += 1;
    const running: Promise<void> = this.#options
      .treat(node, signal, settle)
      .then(settle)
      .catch((error: unknown) => {
        this.#fatal ??= {error};
      })
      .finally(() => {
        this.#running.delete(running);
        this.#wake();
      });
    this.#running.add(running);
  }

  #settle(node: Node, settled: Settled): void {
    // Settling may go far down a chain of dependents: a list instead of recursion.
    const pending: [Node, Settled][] = [[node, settled]];
    for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
      const [one, how] = entry;
      this.#settled.set(one.key, how);
      if (how.kind === 'failed') this.#failures.push({step: one.key, problem: how.problem});
      for (const barrier of this.#barriers.get(one.key) ?? []) {
        barrier.unmet -= 1;
        if (barrier.unmet === 0) this.#release(barrier, pending);
      }
    }
  }

  /** All that these nodes need is settled: they may run, or must not because something they need has failed. */
  #release({needs, waiting}: Barrier, pending: [Node, Settled][]): void {
    const blocked = needs.some((need) => {
      const how = this.#settled.get(need);
      return (
        how?.kind === 'failed' ||
        how?.kind === 'interrupted' ||
        (how?.kind === 'skipped' && how.reason === 'needs-failed')
      );
    });
    for (const node of waiting) {
      if (!blocked || node.step.always) {
        this.#ready.push(node);
        continue;
      }
      tell(this.#session, {type: 'step-skipped', step: node.key, reason: 'needs-failed'});
      pending.push([node, {kind: 'skipped', reason: 'needs-failed'}]);
    }
  }

  #outcome(): Outcome {
    if (this.#session.host.signal.aborted) return 'interrupted';
    if (this.#failures.length > 0) return 'failed';
    const left = [...this.#session.graph.nodes.values()].some((node) => this.#options.leaves(node));
    return left ? 'partial' : 'done';
  }
}
