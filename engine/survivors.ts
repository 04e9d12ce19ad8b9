import {execFile} from 'node:child_process';
import {readdir, readFile} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify} from 'node:util';

const GRACE_MS = 2000;
const KILL_WAIT_MS = 5000;
const PAUSE_MS = 50;

const MARK = 'RUNBOOK_STEP=';

/** The processes whose environment names a step of ours, by the beginning of that name: `run/step/` or `run/`. */
export const findSurvivors = async (prefix: string): Promise<readonly number[]> =>
  process.platform === 'linux' ? await fromProc(prefix) : await fromPs(prefix);

const fromProc = async (prefix: string): Promise<readonly number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const carry = await Promise.all(pids.map((pid) => carries(pid, prefix)));
  return pids.filter((pid, index) => carry[index] === true && pid !== process.pid);
};

const carries = async (pid: number, prefix: string): Promise<boolean> => {
  try {
    const environ = await readFile(`/proc/${pid}/environ`, 'latin1');
    return environ.split('\0').some((entry) => entry.startsWith(MARK + Buffer.from(prefix).toString('latin1')));
  } catch {
    // It has ended, or belongs to another user; both are none of ours.
    return false;
  }
};

const fromPs = async (prefix: string): Promise<readonly number[]> => {
  const {stdout} = await promisify(execFile)('ps', ['axeww', '-o', 'pid=,command='], {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 10_000,
  });
  return stdout
    .split('\n')
    .filter((line) => line.includes(` ${MARK}${prefix}`))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => pid !== process.pid);
};

const send = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
};

const goneWithin = async (prefix: string, ms: number): Promise<boolean> => {
  const end = performance.now() + ms;
  while ((await findSurvivors(prefix)).length > 0) {
    if (performance.now() > end) return false;
    await sleep(PAUSE_MS);
  }
  return true;
};

/**
 * Ends what a step has left running and waits until it is gone: SIGTERM, a grace period, SIGKILL.
 * @returns how many processes there were
 */
export const endSurvivors = async (prefix: string, graceMs = GRACE_MS): Promise<number> => {
  const found = await findSurvivors(prefix);
  if (found.length === 0) return 0;
  send(found, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  if (graceMs > 0 && (await goneWithin(prefix, graceMs))) return found.length;
  send(await findSurvivors(prefix), 'SIGKILL');
  await goneWithin(prefix, KILL_WAIT_MS);
  return found.length;
};
