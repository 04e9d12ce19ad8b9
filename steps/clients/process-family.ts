import {readdirSync, readFileSync} from 'node:fs';
import {setTimeout as pause} from 'node:timers/promises';

/** How long processes may take to end after SIGTERM. */
const GRACE_MS = 2000;
/** How long we wait for the kernel after SIGKILL; longer only where a process hangs in the kernel. */
const KILL_MS = 5000;
const LOOK_MS = 10;

/** Which processes belong together: a process group, and whoever carries a mark in its environment. */
export interface Family {
  readonly group: number | undefined;
  /** A `NAME=value` of the environment that they inherit; finds those that left the group. Linux only. */
  readonly mark: string | undefined;
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined; // ended meanwhile, or another user's
  }
};

// "pid (name) state parent group ...": the name may hold anything, so count from its last bracket
const stateAndGroup = (pid: string): {state: string; group: number} | undefined => {
  const stat = read(`/proc/${pid}/stat`);
  const [state, , group] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined ? undefined : {state, group: Number(group)};
};

const belongs = (pid: string, {group, mark}: Family): boolean => {
  const found = stateAndGroup(pid);
  // a zombie has ended; its parent has not asked yet
  if (!found || found.state === 'Z' || found.state === 'X') return false;
  if (found.group === group) return true;
  return mark !== undefined && `\0${read(`/proc/${pid}/environ`) ?? ''}`.includes(`\0${mark}\0`);
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** The living processes of a family; a whole group is its negative number where there is no /proc. */
export const survivors = (family: Family): readonly number[] => {
  if (process.platform === 'linux') {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => Number(pid) !== process.pid && belongs(pid, family)).map(Number);
  }
  return family.group !== undefined && isAlive(-family.group) ? [-family.group] : [];
};

const signalTo = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // ended between the look and the signal
  }
};

/**
 * Ends a family: SIGTERM to all, a grace period, then SIGKILL. What one starts while it ends, to tidy up, is left to
 * finish within the grace period.
 * @returns who is still there in the end: nobody, unless the kernel holds one
 */
export const endFamily = async (family: Family): Promise<readonly number[]> => {
  for (const pid of survivors(family)) signalTo(pid, 'SIGTERM');
  const started = performance.now();
  for (;;) {
    const living = survivors(family);
    const elapsed = performance.now() - started;
    if (living.length === 0 || elapsed > GRACE_MS + KILL_MS) return living;
    if (elapsed > GRACE_MS) for (const pid of living) signalTo(pid, 'SIGKILL');
    await pause(LOOK_MS);
  }
};
