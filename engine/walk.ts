import type {Problem} from './errors.ts';
import type {Outcome} from './events.ts';
import type {Node} from './graph.ts';
import {type Session, tell} from './session.ts';
import type {Settled} from './settled.ts';

/** What a walk does with one node. */
export type Treatment = (node: Node, signal: AbortSignal) => Promise<Settled>;

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

class Walker {
  readonly #session: Session;
  readonly #options: WalkOptions;
  readonly #settled = new Map<string, Settled>();
  readonly #unmet = new Map<string, number>();
  readonly #dependents = new Map<string, Node[]>();
  readonly #ready: Node[] = [];
  readonly #failures: {step: string; problem: Problem}[] = [];
  readonly #running = new Set<Promise<void>>();
  #next = 0;
  #fatal: {error: unknown} | undefined;

  constructor(session: Session, options: WalkOptions) {
    this.#session = session;
    this.#options = options;
    for (const node of session.graph.nodes.values()) {
      this.#unmet.set(node.key, node.needs.length);
      for (const need of node.needs) {
        const list = this.#dependents.get(need);
        if (list === undefined) this.#dependents.set(need, [node]);
        else list.push(node);
      }
      if (node.needs.length === 0) this.#ready.push(node);
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
      while (!this.#isStopping() && this.#running.size < this.#options.concurrency) {
        const node = this.#take();
        if (node === undefined) break;
        this.#launch(node, this.#session.host.signal);
      }
      if (this.#running.size === 0) break;
      await Promise.race(this.#running);
    }
    if (this.#fatal !== undefined) throw this.#fatal.error;
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
    const running: Promise<void> = this.#options.treat(node, signal).then(
      (settled) => {
        this.#running.delete(running);
        this.#settle(node, settled);
      },
      (error: unknown) => {
        this.#running.delete(running);
        this.#fatal ??= {error};
      },
    );
    this.#running.add(running);
  }

  #settle(node: Node, settled: Settled): void {
    // Settling may go far down a chain of dependents: a list instead of recursion.
    const pending: [Node, Settled][] = [[node, settled]];
    for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
      const [one, how] = entry;
      this.#settled.set(one.key, how);
      if (how.kind === 'failed') this.#failures.push({step: one.key, problem: how.problem});
      for (const dependent of this.#dependents.get(one.key) ?? []) {
        const unmet = (this.#unmet.get(dependent.key) ?? 0) - 1;
        this.#unmet.set(dependent.key, unmet);
        if (unmet === 0) this.#release(dependent, pending);
      }
    }
  }

  /** All that a node needs is settled: it may run, or must not because something it needs has failed. */
  #release(node: Node, pending: [Node, Settled][]): void {
    const blocked = node.needs.some((need) => {
      const how = this.#settled.get(need);
      return (
        how?.kind === 'failed' ||
        how?.kind === 'interrupted' ||
        (how?.kind === 'skipped' && how.reason === 'needs-failed')
      );
    });
    if (!blocked || node.step.always) {
      this.#ready.push(node);
      return;
    }
    tell(this.#session, {type: 'step-skipped', step: node.key, reason: 'needs-failed'});
    pending.push([node, {kind: 'skipped', reason: 'needs-failed'}]);
  }

  #outcome(): Outcome {
    if (this.#session.host.signal.aborted) return 'interrupted';
    if (this.#failures.length > 0) return 'failed';
    const left = [...this.#session.graph.nodes.values()].some((node) => this.#options.leaves(node));
    return left ? 'partial' : 'done';
  }
}
