import {execFileSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {messageOf, RunbookError} from './errors.ts';

/*
 * A lock is a folder of generations: files `1`, `2`, ... The highest one says who holds it. A generation is made by link(2),
 * which only one contender can win, and is only ever rewritten by its owner (to say that it is released). A dead owner's
 * generation is not removed but followed by the next, so two contenders can't both take it over.
 */

/** Who holds a lock. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Changes at each boot: a pid means nothing after it. */
  readonly boot: string;
  /** When the process started, in the system's own unit: a pid that was given again has another one. */
  readonly started: string;
  /** Process ids are counted per namespace (containers). */
  readonly namespace: string;
  readonly run: string;
  readonly since: string;
  readonly released: boolean;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
};

/** A zombie has ended, and nobody asked how: in a container maybe nobody ever will. With threads left it still ends. */
const hasEnded = (state = '', threads = ''): boolean => 'ZX'.includes(state) && Number(threads) <= 1;

/** Field 22 of /proc/PID/stat; elsewhere what ps says. Empty: there is no such process. */
const startOf = (pid: number): string => {
  const stat = read(`/proc/${pid}/stat`);
  // The command's name may hold spaces and brackets; the fields start after the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (stat !== '') return hasEnded(fields[0], fields[17]) ? '' : (fields[19] ?? '');
  if (process.platform === 'linux') return '';
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {encoding: 'utf8', timeout: 5000}).trim();
  } catch {
    return '';
  }
};

const namespace = (): string => {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
};

const bootId = (): string => read('/proc/sys/kernel/random/boot_id');

const self = (run: string): Owner => ({
  pid: process.pid,
  host: hostname(),
  boot: bootId(),
  started: startOf(process.pid),
  namespace: namespace(),
  run,
  since: new Date().toISOString(),
  released: false,
});

/** `elsewhere`: on another host or in another pid namespace, where we can't look. */
export const standingOf = (owner: Owner): 'released' | 'alive' | 'dead' | 'elsewhere' => {
  if (owner.released) return 'released';
  const isSameBoot = owner.boot !== '' && owner.boot === bootId();
  // A host may get another name while it runs.
  if (owner.host !== hostname() && !isSameBoot) return 'elsewhere';
  if (owner.boot !== bootId()) return 'dead';
  if (owner.namespace !== namespace()) return 'elsewhere';
  return startOf(owner.pid) === owner.started && owner.started !== '' ? 'alive' : 'dead';
};

const generations = (folder: string): number[] =>
  readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => b - a);

/** A generation appears whole; only a power loss can empty it, and its owner did not survive that. */
const LOST: Owner = {pid: 0, host: '', boot: '', started: '', namespace: '', run: 'unknown', since: '', released: true};

const readOwner = (file: string): Owner | undefined => {
  try {
    const text = readFileSync(file, 'utf8');
    return /^\0*$/.test(text) ? LOST : (JSON.parse(text) as Owner);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new RunbookError(
      {
        code: 'run-held',
        message: `can't read the lock: ${messageOf(error)}`,
        found: file,
        next: [`look at it, then: rm ${file}`],
      },
      error,
    );
  }
};

/** Who holds the lock now; undefined when nobody does, or who did is dead. */
export const holderOf = (folder: string): Owner | undefined => {
  try {
    const [latest] = generations(folder);
    const owner = latest === undefined ? undefined : readOwner(join(folder, String(latest)));
    return owner !== undefined && ['alive', 'elsewhere'].includes(standingOf(owner)) ? owner : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

export interface Lock {
  /** The dead owner whose lock was taken over. */
  readonly takenOverFrom: Owner | undefined;
  release(): void;
  /**
   * Releases the lock for good and moves its folder to where nobody looks for it: it is not needed any more. As it is held
   * until then, nobody can hold it in the folder that goes; who wants it next makes a new one.
   */
  dismantle(aside: string): void;
}

const held = (owner: Owner, file: string): RunbookError =>
  new RunbookError({
    code: 'run-held',
    message: `run ${owner.run} is held by process ${owner.pid} on ${owner.host} since ${owner.since}`,
    next: [
      standingOf(owner) === 'elsewhere'
        ? `end it there; if that host is gone for good: rm ${file}`
        : `wait for it, or end it: kill -INT ${owner.pid}`,
    ],
  });

/**
 * Takes the lock, or refuses at once.
 * @throws RunbookError `run-held`, naming the owner; `state-unwritable`
 */
export const acquireLock = (folder: string, run: string): Lock => {
  for (let tries = 1; ; tries++) {
    try {
      return acquire(folder, run);
    } catch (error) {
      if (error instanceof RunbookError) throw error;
      // The folder was dismantled under our hands.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && tries < MOST_TRIES) continue;
      throw unwritable(folder, error);
    }
  }
};

const MOST_TRIES = 10;

const unwritable = (folder: string, error: unknown): RunbookError =>
  new RunbookError(
    {
      code: 'state-unwritable',
      message: `can't write the state directory: ${messageOf(error)}`,
      found: folder,
      next: ['make it writable, or choose another: --state-dir DIR'],
    },
    error,
  );

const acquire = (folder: string, run: string): Lock => {
  const draft = join(folder, `draft-${process.pid}-${randomBytes(4).toString('hex')}`);
  const owner = self(run);
  try {
    mkdirSync(folder, {recursive: true, mode: 0o700});
    store(draft, owner);
    for (;;) {
      const [latest = 0] = generations(folder);
      const current = latest === 0 ? undefined : readOwner(join(folder, String(latest)));
      // It was cleared away between the two looks: look again.
      if (latest !== 0 && current === undefined) continue;
      if (current !== undefined && ['alive', 'elsewhere'].includes(standingOf(current)))
        throw held(current, join(folder, String(latest)));
      const mine = latest + 1;
      if (!claim(draft, join(folder, String(mine)))) continue;
      // A slow contender may have made a generation below one that exists already: it holds nothing.
      if (generations(folder)[0] !== mine) {
        rmSync(join(folder, String(mine)), {force: true});
        continue;
      }
      for (const old of generations(folder)) if (old < mine) rmSync(join(folder, String(old)), {force: true});
      return {
        takenOverFrom: current !== undefined && !current.released ? current : undefined,
        release: () => release(join(folder, String(mine)), owner),
        dismantle: (aside) => renameSync(folder, aside),
      };
    }
  } finally {
    rmSync(draft, {force: true});
  }
};

const store = (file: string, owner: Owner): void => writeFileSync(file, `${JSON.stringify(owner)}\n`, {mode: 0o600});

const release = (generation: string, owner: Owner): void => {
  const released = {...owner, released: true};
  try {
    store(`${generation}-released`, released);
    renameSync(`${generation}-released`, generation);
  } catch {
    rmSync(`${generation}-released`, {force: true});
    releaseInPlace(generation, released);
  }
};

/** A full disk has no room for another file, but for other bytes in one that is there. */
const releaseInPlace = (generation: string, released: Owner): void => {
  try {
    const {size} = statSync(generation);
    writeFileSync(generation, JSON.stringify(released).padEnd(size), {flag: 'r+'});
  } catch {
    // It is the lock of a dead owner once this process has ended.
  }
};

const claim = (draft: string, generation: string): boolean => {
  try {
    linkSync(draft, generation);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};
