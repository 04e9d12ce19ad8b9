import {spawn} from 'node:child_process';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Contestant} from './case.ts';
import {findPeers, type PeerName} from './peers.ts';

export interface Ended {
  readonly ms: number;
  readonly stdout: string;
  readonly stderr: string;
}

type CommandLine = readonly [string, ...string[]];

/** What takes longer is stuck. */
const LIMIT_MS = 600_000;

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a case works with: a folder of its own, the built program, and who else is here. */
export class Bench {
  /** An empty folder; removed afterwards. Programs start in it. */
  readonly dir: string;
  readonly peers = findPeers();
  /** The command line that starts the program, as a person does. */
  readonly program: CommandLine = [join(root, 'dist/cli/runbook.cjs')];

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async in<T>(act: (bench: Bench) => Promise<T>): Promise<T> {
    const dir = await mkdtemp(join(tmpdir(), 'runbook-bench-'));
    try {
      return await act(new Bench(dir));
    } finally {
      await rm(dir, {recursive: true, force: true});
    }
  }

  /** Writes files, given as a tree of paths, below the folder. */
  async write(tree: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(tree)) {
      await mkdir(dirname(join(this.dir, path)), {recursive: true});
      await writeFile(join(this.dir, path), text);
    }
  }

  /** Runs a program from its start to its end. It has to succeed: how long a failure takes is of no interest. */
  run([command, ...args]: CommandLine): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const begun = performance.now();
      const child = spawn(command, args, {cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS});
      const printed = {stdout: '', stderr: ''};
      child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
      child.on('error', reject);
      child.on('close', (code, signal) => {
        const ms = performance.now() - begun;
        if (code === 0) resolve({ms, ...printed});
        else
          reject(
            new Error(
              `${[command, ...args].join(' ')} ${signal ? `was ended by ${signal}` : `exited with ${code}`}:\n${printed.stdout}${printed.stderr}`,
            ),
          );
      });
    });
  }

  /** A program that is timed as a whole. */
  timed(name: string, commandLine: CommandLine, target?: number): Contestant {
    return {
      name,
      ...(target === undefined ? {} : {target}),
      measure: async () => (await this.run(commandLine)).ms,
    };
  }

  /** Those of others that can be measured here. */
  timedPeers(lines: Partial<Record<PeerName, CommandLine>>): Contestant[] {
    return Object.entries(lines)
      .filter(([name]) => this.peers.has(name as PeerName))
      .map(([name, line]) => this.timed(name, line));
  }
}
