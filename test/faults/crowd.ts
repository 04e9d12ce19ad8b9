import {type ChildProcess, spawn} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import * as assert from 'uvu/assert';
import {acquireLock} from '../../engine/lock.ts';
import {SEED, seeded} from '../random.ts';

/** The program that wants a lock. */
export const contender = fileURLToPath(new URL('contender.mjs', import.meta.url));

const PATIENCE_MS = 60_000;

/** Contenders for one lock, and the record of what they do inside. */
export class Crowd {
  readonly folder: string;
  readonly record: string;
  readonly alive = new Map<string, ChildProcess>();
  started = 0;

  constructor(dir: string, folder = join(mkdtempSync(join(dir, 'crowd-')), 'lock')) {
    this.folder = folder;
    this.record = join(dir, `record-${folder.replaceAll('/', '-')}`);
    writeFileSync(this.record, '');
  }

  start(args: readonly string[] = ['again'], around: readonly string[] = [], folder = this.folder): ChildProcess {
    const name = `c${++this.started}`;
    const [file = '', ...rest] = [...around, process.execPath, contender, name, folder, this.record, ...args];
    const child = spawn(file, rest, {stdio: ['ignore', 'ignore', 'inherit']});
    this.alive.set(name, child);
    child.on('exit', () => this.alive.delete(name));
    return child;
  }

  lines(): readonly string[] {
    return readFileSync(this.record, 'utf8').split('\n').slice(0, -1);
  }

  /** Waits until there are so many lines more; a lock that nobody gets any more is not waited for. */
  async goesOn(more: number): Promise<void> {
    const target = this.lines().length + more;
    const end = Date.now() + PATIENCE_MS;
    while (this.lines().length < target) {
      if (Date.now() > end)
        throw new Error(`nobody gets the lock any more; the last lines are\n${this.lines().slice(-5).join('\n')}`);
      await sleep(5);
    }
  }

  async end(): Promise<void> {
    const gone = [...this.alive.values()].map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of this.alive.values()) child.kill('SIGKILL');
    await Promise.all(gone);
  }

  /** A line of one that is not the last who entered: two were inside at the same time. */
  neverTwo(): {readonly entered: number; readonly takenOver: number} {
    let inside = '';
    let [entered, takenOver] = [0, 0];
    for (const [index, line] of this.lines().entries()) {
      const [word = '', tag = '', how] = line.split(' ');
      if (word === 'error') throw new Error(line);
      if (word === 'enter') {
        inside = tag;
        entered++;
        if (how === 'taken-over') takenOver++;
      } else if (word !== 'refused') assert.is(tag, inside, `line ${index + 1} of ${this.record}: ${line}`);
    }
    return {entered, takenOver};
  }
}

const CROWD = 8;

/** Kills contenders at random, every other time the one inside, and starts others, until so many have been there. */
export const fight = async (crowd: Crowd, contenders: number, start: () => ChildProcess): Promise<void> => {
  const next = seeded(SEED);
  const one = (): ChildProcess | undefined => [...crowd.alive.values()][Math.floor(next() * crowd.alive.size)];
  const inside = (): ChildProcess | undefined => crowd.alive.get(crowd.lines().at(-1)?.split(/[ .]/)[1] ?? '');
  while (crowd.alive.size < CROWD) start();
  for (let kill = 0; crowd.started < contenders; kill++) {
    await crowd.goesOn(1 + Math.floor(next() * 4));
    (kill % 2 === 0 ? (inside() ?? one()) : one())?.kill('SIGKILL');
    start();
  }
  await crowd.goesOn(20);
};

/** The lock can be had when all are gone, and nothing of them is left; but drafts that were cut stay for a while. */
export const isFreeOf = ({folder}: Crowd): void => {
  const lock = acquireLock(folder, 'last');
  const left = readdirSync(folder).filter(
    (name) => !name.startsWith('draft-') || readFileSync(join(folder, name)).length > 0,
  );
  assert.is(left.length, 2, left.join());
  lock.release();
};
