import {randomBytes} from 'node:crypto';
import {existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {discard} from './durable.ts';
import {messageOf, RunbookError} from './errors.ts';
import {type Beacon, light} from './lock-socket.ts';
import {isNeighbour, type Owner, parseOwner, type Standing, self, standingOf} from './owner.ts';
import {sh} from './sh.ts';

/*
 * A lock is a folder of generations: files `1`, `2`, ... The highest one says who holds it. A generation is made by link(2),
 * which only one contender can win, and is only ever rewritten by its owner (to say that it is released). A dead owner's
 * generation is not removed but followed by the next, so two contenders can't both take it over.
 *
 * A contender's draft and socket share an id: `draft-1a2b3c4d`, `s-1a2b3c4d`. As long as it is one, its draft is there.
 */

const DRAFT = 'draft-';
const SOCKET = 's-';
const RELEASED = '-released';

const generations = (folder: string): number[] =>
  readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => b - a);

/** A generation as its file has it. One that is empty is of an owner who did not survive a power loss. */
interface Generation {
  readonly file: string;
  readonly owner: Owner | undefined;
}

const unreadable = (file: string, error: unknown): RunbookError =>
  new RunbookError(
    {
      code: 'run-held',
      message: `can't read who holds the run: ${messageOf(error).split('\n')[0]}`,
      found: file,
      next: [`see to it that nobody works on it, then: ${sh`rm ${file}`}`],
    },
    error,
  );

/** Undefined: it is gone. */
const readGeneration = (folder: string, number: number): Generation | undefined => {
  const file = join(folder, String(number));
  try {
    const text = readFileSync(file, 'utf8');
    return {file, owner: /^\0*$/.test(text) ? undefined : parseOwner(text)};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(file, error);
  }
};

const isHeld = (standing: Standing): boolean => standing === 'alive' || standing === 'elsewhere';

interface Holding {
  readonly owner: Owner;
  readonly file: string;
  readonly standing: Standing;
}

const holdingIn = (folder: string): Holding | undefined => {
  try {
    const [latest] = generations(folder);
    const {owner, file = ''} = (latest === undefined ? undefined : readGeneration(folder, latest)) ?? {};
    if (owner === undefined) return undefined;
    const standing = standingOf(owner, file);
    return isHeld(standing) ? {owner, file, standing} : undefined;
  } catch {
    return undefined;
  }
};

/** Who holds the lock now; undefined when nobody does, or who did is dead, or it can't be read. */
export const holderOf = (folder: string): Owner | undefined => holdingIn(folder)?.owner;

/** @throws RunbookError `run-held` where a process holds the lock for this run */
export const refuseHeld = (folder: string, run: string): void => {
  const holding = holdingIn(folder);
  if (holding?.owner.run === run) throw held(holding.owner, holding.file, holding.standing);
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

const held = (owner: Owner, file: string, standing: Standing): RunbookError => {
  const message = `run ${owner.run} is held by process ${owner.pid} on ${owner.host} since ${owner.since}`;
  if (standing === 'elsewhere')
    return new RunbookError({
      code: 'run-held',
      message: `${message}; whether it still works can't be told from here`,
      next: ['wait for it, or end it there', `if it is gone for good: ${sh`rm ${file}`}`],
    });
  const end = isNeighbour(owner)
    ? `end it: kill -INT ${owner.pid}`
    : 'end it in its container, where it has this number';
  return new RunbookError({code: 'run-held', message, next: [`wait for it, or ${end}`]});
};

const unwritable = (folder: string, error: unknown): RunbookError => {
  const {syscall, code = ''} = error as NodeJS.ErrnoException;
  const hasNoLinks = syscall === 'link' && ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code);
  const why = hasNoLinks ? 'its file system has no hard links, which locks need' : messageOf(error);
  const next = [`${hasNoLinks ? 'choose' : 'make it writable or free space, or choose'} another: --state-dir DIR`];
  return new RunbookError(
    {code: 'state-unwritable', message: `can't write the state directory: ${why}`, found: folder, next},
    error,
  );
};

const MOST_TRIES = 10;

/**
 * Takes the lock, or refuses at once.
 * @throws RunbookError `run-held`, naming the owner; `state-unwritable`
 */
export const acquireLock = (folder: string, run: string): Lock => {
  for (let tries = 1; ; tries++) {
    const contender = new Contender(folder, run);
    try {
      return contender.acquire();
    } catch (error) {
      contender.giveUp();
      if (error instanceof RunbookError) throw error;
      // The folder was dismantled under our hands.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && tries < MOST_TRIES) continue;
      throw unwritable(folder, error);
    }
  }
};

/** One process that wants the lock. */
class Contender {
  readonly #folder: string;
  readonly #run: string;
  readonly #id = randomBytes(4).toString('hex');
  #owner: Owner | undefined;
  #beacon: Beacon | undefined;

  constructor(folder: string, run: string) {
    this.#folder = folder;
    this.#run = run;
  }

  get #draft(): string {
    return join(this.#folder, DRAFT + this.#id);
  }

  acquire(): Lock {
    mkdirSync(this.#folder, {recursive: true, mode: 0o700});
    for (;;) {
      const [latest = 0] = generations(this.#folder);
      const current = latest === 0 ? undefined : readGeneration(this.#folder, latest);
      // It was cleared away between the two looks: look again.
      if (latest !== 0 && current === undefined) continue;
      const standing = current?.owner === undefined ? 'released' : standingOf(current.owner, current.file);
      if (current?.owner !== undefined && isHeld(standing)) throw held(current.owner, current.file, standing);
      // What was seen before the draft was there may be of a folder that was dismantled since: look again.
      if (this.#owner === undefined) {
        this.#prepare();
        continue;
      }
      const mine = join(this.#folder, String(latest + 1));
      if (!claim(this.#draft, mine)) continue;
      if (!this.#isLatest(latest + 1)) continue;
      this.#sweep(latest + 1);
      discard(this.#draft);
      return this.#lock(mine, this.#owner, standing === 'dead' ? current?.owner : undefined);
    }
  }

  /** A slow contender may have made a generation below one that exists already: it holds nothing. */
  #isLatest(mine: number): boolean {
    let isLatest = false;
    try {
      isLatest = generations(this.#folder)[0] === mine;
      return isLatest;
    } finally {
      if (!isLatest) discard(join(this.#folder, String(mine)));
    }
  }

  /** The draft is there before the socket, which begins to answer before the draft counts. */
  #prepare(): void {
    this.#owner = self(this.#folder, this.#run, SOCKET + this.#id);
    write(this.#draft, this.#owner);
    this.#beacon = light(this.#folder, this.#owner.socket);
  }

  #lock(file: string, owner: Owner, takenOverFrom: Owner | undefined): Lock {
    return {
      takenOverFrom,
      release: () => {
        if (isOf(file, owner)) release(file, {...owner, released: true});
        this.#beacon?.close();
      },
      dismantle: (aside) => {
        if (isOf(file, owner)) renameSync(this.#folder, aside);
        this.#beacon?.close();
      },
    };
  }

  giveUp(): void {
    this.#beacon?.close();
    discard(this.#draft);
  }

  /** Clears away what earlier owners have left, and contenders that were killed. Nobody else can hold the lock now. */
  #sweep(mine: number): void {
    const within = (name: string): string => join(this.#folder, name);
    const isLeft = (name: string): boolean => {
      if (Number(name.replace(RELEASED, '')) < mine) return true;
      return name.startsWith(DRAFT) && !name.endsWith(this.#id) && hasDied(within(name));
    };
    try {
      for (const name of readdirSync(this.#folder)) if (isLeft(name)) discard(within(name));
      for (const name of readdirSync(this.#folder))
        if (name.startsWith(SOCKET) && !existsSync(within(name.replace(SOCKET, DRAFT)))) discard(within(name));
    } catch {
      // what can't be cleared away now will be another time
    }
  }
}

const A_WHILE_MS = 60_000;

/** A draft that nobody will finish. */
const hasDied = (draft: string): boolean => {
  try {
    return standingOf(parseOwner(readFileSync(draft, 'utf8')), draft) === 'dead';
  } catch {
    // It was cut: its contender was killed while it wrote, or writes now.
    const {mtimeMs = Date.now()} = statSync(draft, {throwIfNoEntry: false}) ?? {};
    return Date.now() - mtimeMs > A_WHILE_MS;
  }
};

const write = (file: string, owner: Owner): void => writeFileSync(file, `${JSON.stringify(owner)}\n`, {mode: 0o600});

/** Somebody may have removed the lock by hand, and somebody else taken it: then it is not to be touched. */
const isOf = (file: string, {socket}: Owner): boolean => {
  try {
    return parseOwner(readFileSync(file, 'utf8')).socket === socket;
  } catch {
    return false;
  }
};

const release = (generation: string, released: Owner): void => {
  const draft = generation + RELEASED;
  try {
    write(draft, released);
    renameSync(draft, generation);
  } catch {
    discard(draft);
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
