import type {Host, Question} from '../engine/index.ts';
import type {Progress} from './progress.ts';
import type {Surroundings} from './surroundings.ts';

/** Who answers: a person at the terminal, or `--yes`. */
export interface Answers {
  readonly around: Surroundings;
  readonly progress: Progress;
  /** Answers confirm, never manual. */
  readonly yes: boolean;
  readonly colours: boolean;
  /** Makes the error for a question that nobody can answer. */
  refuse(message: string, next: string): Error;
}

export const hasTerminal = ({stdin, stderr}: Surroundings): boolean => stdin.isTTY === true && stderr.isTTY === true;

/** One of several answers. */
export interface Choice {
  readonly name: string;
  readonly message: string;
}

/** Asks one question at a time, with the drawing paused meanwhile. */
export class Prompter {
  readonly #answers: Answers;
  #last: Promise<unknown> = Promise.resolve();

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  get answersYes(): boolean {
    return this.#answers.yes;
  }

  readonly ask: Host['ask'] = async (question) => {
    const {yes, around, refuse} = this.#answers;
    if (yes && question.kind === 'confirm') return true;
    if (!hasTerminal(around)) {
      const next =
        question.kind === 'confirm' ? 'answer it with --yes, or run it in a terminal' : 'run it in a terminal';
      throw refuse(`nobody can be asked: ${question.message.split('\n')[0]}`, next);
    }
    return this.withTerminal(() => this.#put(question));
  };

  readonly askSecret: NonNullable<Host['askSecret']> = async (name, about) => {
    if (!hasTerminal(this.#answers.around)) return undefined;
    return this.withTerminal(() => this.#putSecret(name, about));
  };

  /** Leaves the terminal to one act at a time, with the drawing paused: steps run in parallel, questions must not. */
  withTerminal<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      await this.#answers.progress.pause();
      try {
        return await act();
      } finally {
        this.#answers.progress.resume();
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** One of several; the first is chosen by Enter alone. Within `withTerminal`. @throws where there is no terminal */
  async choose(message: string, choices: readonly Choice[], about: readonly string[]): Promise<string> {
    this.#needTerminal(message);
    this.#answers.around.stderr.write(`\n${about.map((line) => `  ${line}`).join('\n')}\n`);
    return String(await this.#prompt('Select', {name: 'answer', message, choices}));
  }

  /** A line of text that fits. Within `withTerminal`. @throws where there is no terminal */
  async type(message: string, fits: (text: string) => boolean): Promise<string> {
    this.#needTerminal(message);
    const validate = (text: string): boolean => fits(text.trim());
    return String(await this.#prompt('Input', {name: 'answer', message, validate})).trim();
  }

  #needTerminal(message: string): void {
    const {around, refuse} = this.#answers;
    if (!hasTerminal(around)) throw refuse(`nobody can be asked: ${message}`, 'run it in a terminal');
  }

  async #put({kind, message}: Question): Promise<boolean> {
    const {stderr} = this.#answers.around;
    const [first = '', ...more] = message.trim().split('\n');
    if (more.length > 0) stderr.write(`\n${message.trim()}\n`);
    const asked =
      more.length > 0 ? (kind === 'manual' ? 'Done?' : 'Go on?') : kind === 'manual' ? `${first} Done?` : first;
    return (await this.#prompt('Confirm', {name: 'answer', message: asked, format: yesNo})) === true;
  }

  async #putSecret(name: string, about: string | undefined): Promise<string> {
    const message = about === undefined ? name : `${name} (${about})`;
    return String(await this.#prompt('Password', {name, message}));
  }

  async #prompt(
    kind: 'Confirm' | 'Password' | 'Select' | 'Input',
    options: {readonly name: string; readonly message: string; readonly [option: string]: unknown},
  ): Promise<unknown> {
    const {around, refuse} = this.#answers;
    const {default: enquirer} = await import('enquirer');
    const Prompt = (enquirer as unknown as Record<string, PromptClass>)[kind] as PromptClass;
    const styles = {enabled: this.#answers.colours};
    const prompt = new Prompt({...options, styles, stdin: around.stdin, stdout: around.stderr});
    const stopped = this.#stopped(prompt);
    try {
      return await Promise.race([prompt.run(), stopped.promise]);
    } catch {
      stopped.forget();
      // Ctrl-C reached the prompt as a key: the terminal is in raw mode, no signal was sent.
      if (!around.signal.aborted) around.interrupt('SIGINT');
      throw refuse('the question was not answered', 'go on with: runbook resume');
    } finally {
      stopped.forget();
    }
  }

  /** A signal takes the question back. On a terminal that is gone the prompt itself would never end. */
  #stopped(prompt: InstanceType<PromptClass>): {readonly promise: Promise<never>; forget(): void} {
    const {signal} = this.#answers.around;
    let stop = (): void => {};
    const promise = new Promise<never>((_, reject) => {
      stop = () => {
        Promise.resolve(prompt.cancel()).catch(() => {});
        reject(signal.reason);
      };
    });
    promise.catch(() => {});
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, {once: true});
    return {promise, forget: () => signal.removeEventListener('abort', stop)};
  }
}

const yesNo = (value: unknown): string => (value === true ? 'yes' : 'no');

type PromptClass = new (options: object) => {run(): Promise<unknown>; cancel(): unknown};
