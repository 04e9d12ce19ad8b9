import {execFile} from 'node:child_process';
import {readdir, readFile} from 'node:fs/promises';
import {uptime} from 'node:os';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify} from 'node:util';

const GRACE_MS = 2000;
const KILL_WAIT_MS = 5000;
/** A process that has ended keeps its number until its parent has asked: `kill -0` still finds it so long. */
const REAP_WAIT_MS = 3000;
const PAUSE_MS = 50;
/** The unit in which Linux tells when a process started. */
const TICKS_PER_SECOND = 100;
const AT_ONCE = 16;

const MARK = 'RUNBOOK_STEP=';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** When it started, in the kernel's own unit: with the number it names one process. */
  readonly started: string;
  readonly hasEnded: boolean;
  /** `run/step/attempt` where it carries one in its environment. */
  readonly mark: string | undefined;
}

/**
 * The processes that a step of ours has started, by the beginning of the name that it carries in its environment: `run/step/`
 * or `run/`. Their children count too, and who is in a session that one of them leads, whatever their environment.
 */
export const findSurvivors = (prefix: string): Promise<readonly number[]> => new Family(prefix).living();

/** The names of a run's steps, as `run/step/attempt`, that living processes carry. */
export const findMarks = async (run: string): Promise<readonly string[]> => {
  const all = process.platform === 'linux' ? await lookAround() : await fromPs();
  const spared = sparedIn(all);
  const marks = all.flatMap(({pid, mark, hasEnded}) =>
    mark === undefined || hasEnded || spared.has(pid) ? [] : [mark],
  );
  return [...new Set(marks)].filter((mark) => mark.startsWith(`${run}/`));
};

/** Who belongs to a step is remembered from look to look: when a parent has ended, its children can't be told by it any more. */
class Family {
  readonly #prefix: string;
  /** Number -> start of all that were ever found. */
  readonly #known = new Map<number, string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  async living(): Promise<readonly number[]> {
    const all = process.platform === 'linux' ? await lookAround() : await fromPs();
    const spared = sparedIn(all);
    const open = all.filter(({pid}) => !spared.has(pid));
    const starts = new Map(all.map(({pid, started}) => [pid, started]));
    for (let before = -1; before !== this.#known.size; ) {
      before = this.#known.size;
      for (const one of open) if (this.#isRelated(one, starts)) this.#known.set(one.pid, one.started);
    }
    return open.filter((one) => !one.hasEnded && this.#known.get(one.pid) === one.started).map(({pid}) => pid);
  }

  #isRelated({mark, parent, session}: Process, starts: ReadonlyMap<number, string>): boolean {
    // a number may have been given again meanwhile; that of a session not before all in it have ended
    const isKnown = (pid: number): boolean =>
      this.#known.has(pid) && (starts.get(pid) ?? this.#known.get(pid)) === this.#known.get(pid);
    return mark?.startsWith(this.#prefix) === true || isKnown(parent) || isKnown(session);
  }
}

/** A process and those it descends from. */
const lineage = (pid: number, all: readonly Process[]): ReadonlySet<number> => {
  const parents = new Map(all.map((one) => [one.pid, one.parent]));
  const line = new Set<number>();
  for (let one: number | undefined = pid; one !== undefined && !line.has(one); one = parents.get(one)) line.add(one);
  return line;
};

/** A resume may be typed in a shell that a step has opened: we carry its mark then, and so does what we have started. */
const sparedIn = (all: readonly Process[]): ReadonlySet<number> => {
  const own = all.find(({pid}) => pid === process.pid)?.mark;
  const heirs = all.filter(({pid, mark}) => mark === own && own !== undefined && lineage(pid, all).has(process.pid));
  return new Set([...lineage(process.pid, all), ...heirs.map(({pid}) => pid)]);
};

const lookAround = async (): Promise<readonly Process[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: Process[] = [];
  // A few at a time: each holds a file open, and there may be more processes than files that we may open.
  for (let first = 0; first < pids.length; first += AT_ONCE) {
    const some = await Promise.all(pids.slice(first, first + AT_ONCE).map(lookAt));
    found.push(...some.filter((one) => one !== undefined));
  }
  return found;
};

const lookAt = async (pid: number): Promise<Process | undefined> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // "pid (name) state parent group session ...": the name may hold anything, so count from its last bracket
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state = '', parent, , session] = fields;
    return {
      pid,
      parent: Number(parent),
      session: Number(session),
      started: fields[19] ?? '',
      hasEnded: 'ZX'.includes(state),
      mark: await markOf(pid),
    };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
};

const markOf = async (pid: number): Promise<string | undefined> => {
  try {
    const environ = await readFile(`/proc/${pid}/environ`);
    const found = environ
      .toString()
      .split('\0')
      .find((entry) => entry.startsWith(MARK));
    return found?.slice(MARK.length);
  } catch {
    // It has ended, or belongs to another user; then it may still be the child of one of ours.
    return undefined;
  }
};

/** What ps tells, where there is no /proc: no sessions, and names without spaces. */
const fromPs = async (): Promise<readonly Process[]> => {
  const {stdout} = await promisify(execFile)('ps', ['axeww', '-o', 'pid=,ppid=,command='], {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 10_000,
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent] = /^\s*(\d+)\s+(\d+)/.exec(line) ?? [];
    if (pid === undefined) return [];
    const mark = / RUNBOOK_STEP=(\S+)/.exec(line)?.[1];
    return [{pid: Number(pid), parent: Number(parent), session: 0, started: '', hasEnded: false, mark}];
  });
};

const send = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile, or is another user's: then it is still there at the next look.
    }
  }
};

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** What a look finds until it finds nothing, or the time has passed. */
const leftAfter = async (ms: number, look: () => Promise<readonly number[]>): Promise<readonly number[]> => {
  const end = performance.now() + ms;
  for (;;) {
    const left = await look();
    if (left.length === 0 || performance.now() > end) return left;
    await sleep(PAUSE_MS);
  }
};

/**
 * Waits, for a moment, until what a step has started since then and what has ended since has lost its number. An ended
 * process carries no mark, so all count whose session is led by nobody any more.
 */
export const awaitForgotten = async (since: number): Promise<void> => {
  if (process.platform !== 'linux') return;
  const earliest = (uptime() - (Date.now() - since) / 1000 - 1) * TICKS_PER_SECOND;
  await leftAfter(REAP_WAIT_MS, async () => {
    const all = await lookAround();
    const living = new Set(all.filter(({hasEnded}) => !hasEnded).map(({pid}) => pid));
    const isLost = (one: Process): boolean =>
      one.hasEnded && !living.has(one.session) && Number(one.started) >= earliest;
    return all.filter(isLost).map(({pid}) => pid);
  });
};

/** How the processes of a step came to an end. */
export interface Ended {
  /** How many there were. */
  readonly count: number;
  /** Who could not be ended: another user's, or held by the kernel. */
  readonly left: readonly number[];
}

/** Ends what a step has left running and waits until it is gone: SIGTERM, a grace period, SIGKILL. */
export const endSurvivors = async (prefix: string, graceMs = GRACE_MS): Promise<Ended> => {
  const family = new Family(prefix);
  const look = (): Promise<readonly number[]> => family.living();
  const found = await look();
  if (found.length === 0) return {count: 0, left: []};
  let left = found;
  if (graceMs > 0) {
    send(left, 'SIGTERM');
    left = await leftAfter(graceMs, look);
  }
  if (left.length > 0) {
    send(left, 'SIGKILL');
    left = await leftAfter(KILL_WAIT_MS, look);
  }
  if (left.length === 0) await leftAfter(REAP_WAIT_MS, async () => found.filter(isThere));
  return {count: found.length, left};
};
