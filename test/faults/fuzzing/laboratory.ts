import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import type {Problem} from '../../../engine/errors.ts';

/** What is tried; bytes are in base64. */
export type Case =
  | {readonly kind: 'runbook'; readonly files: Readonly<Record<string, string>>}
  | {readonly kind: 'expression'; readonly source: string; readonly values: unknown}
  | {readonly kind: 'env'; readonly bytes: string; readonly secret: boolean}
  | {readonly kind: 'inputs'; readonly inputs: readonly unknown[]; readonly given: readonly [string, unknown][]}
  | {readonly kind: 'import'; readonly text: string};

export interface Outcome {
  readonly problems?: readonly Problem[];
  /** What was computed, as JSON. */
  readonly value?: string;
  /** An imported runbook, and what is wrong with it. */
  readonly written?: string;
  readonly left?: readonly Problem[];
  /** Anything but an error of ours. */
  readonly crash?: string;
  readonly polluted?: boolean;
  /** Stretches of code that no case before has reached. */
  readonly fresh?: number;
}

// A hang is ended from outside. It is far more than any case takes on a machine that is busy otherwise.
const DEADLINE_MS = 180_000;
const SUBJECT = fileURLToPath(new URL('subject.mjs', import.meta.url));

/** Tries cases in a process of its own, which is begun anew when a case hangs or kills it. */
export class Laboratory {
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  /** A case has hung: trying smaller ones as well would take hours. */
  hasHung = false;
  /** Where the subject writes its files. */
  dir = '';

  constructor({coverage = false} = {}) {
    this.#args = coverage ? ['--coverage'] : [];
  }

  async try(one: Case): Promise<Outcome> {
    const child = await this.#subject();
    const outcome = this.#answer(child);
    child.send(one);
    return outcome;
  }

  async #subject(): Promise<ChildProcess> {
    if (this.#child !== undefined) return this.#child;
    const child = fork(SUBJECT, this.#args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--import', 'tsx'],
    });
    this.#child = child;
    const {dir, crash} = (await this.#answer(child)) as Outcome & {dir?: string};
    if (crash !== undefined) throw new Error(`the subject did not begin: ${crash}`);
    this.dir = dir ?? '';
    return child;
  }

  #answer(child: ChildProcess): Promise<Outcome> {
    let printed = '';
    const listen = (chunk: Buffer): void => void (printed = `${printed}${chunk}`.slice(-4000));
    child.stderr?.on('data', listen);
    return new Promise((resolve) => {
      const done = (outcome: Outcome): void => {
        clearTimeout(timer);
        child.stderr?.off('data', listen);
        child.removeAllListeners('message').removeAllListeners('exit');
        resolve(outcome);
      };
      const lost = (crash: string): void => {
        this.#child = undefined;
        child.kill('SIGKILL');
        done({crash});
      };
      const timer = setTimeout(() => {
        this.hasHung = true;
        lost('it hangs');
      }, DEADLINE_MS);
      child.once('message', (outcome: Outcome) => done(outcome));
      child.once('exit', (code, signal) => lost(`the process ended with ${code ?? signal}\n${printed}`));
    });
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.disconnect();
    await once(child, 'exit');
  }
}
