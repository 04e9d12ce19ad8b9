import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {startEngine} from '../test/docker-engine.ts';
import type {Bench} from './bench.ts';
import type {Contestant} from './case.ts';

type CommandLine = readonly [string, ...string[]];

/** A Docker Engine for one case, on which each contestant finds nothing of those before it. */
export class Ground {
  readonly #bench: Bench;
  readonly #prefix: CommandLine;
  readonly #reset: string;
  #runs = 0;

  private constructor(bench: Bench, prefix: CommandLine, reset: string) {
    this.#bench = bench;
    this.#prefix = prefix;
    this.#reset = reset;
  }

  /** It ends when this process does. `reset` is a line of shell that takes away what a contestant has made. */
  static async prepare(bench: Bench, images: readonly string[], reset: string): Promise<Ground> {
    const engine = await startEngine();
    for (const image of images) await engine.load(image);
    const own = {DOCKER_CONFIG: join(bench.dir, 'docker'), XDG_DATA_HOME: join(bench.dir, 'data')};
    for (const folder of Object.values(own)) await mkdir(folder);
    const env = Object.entries({...engine.env, ...own}).map(([name, value]) => `${name}=${value}`);
    const [enter = 'env', ...inside] = engine.inside;
    return new Ground(bench, [enter, ...inside, 'env', ...env], reset);
  }

  /** The command line of a run whose state directory is new with every `anew`. */
  run(...args: readonly string[]): CommandLine {
    const state = join(this.#bench.dir, `state-${this.#runs}`);
    return [...this.#bench.program, 'run', ...args, '--state-dir', state];
  }

  /** Runs a command line where the engine's published ports are; gives back the milliseconds. */
  async there(line: CommandLine): Promise<number> {
    return (await this.#bench.run([...this.#prefix, ...line])).ms;
  }

  /** One that is timed from nothing. */
  anew(name: string, line: () => CommandLine, target?: number): Contestant {
    return {
      name,
      ...(target === undefined ? {} : {target}),
      measure: async () => {
        await this.there(['sh', '-c', this.#reset]);
        this.#runs++;
        return this.there(line());
      },
    };
  }
}
