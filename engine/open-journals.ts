import {readdirSync, readlinkSync} from 'node:fs';

const JOURNAL = /\/runs\/([^/]+)\/journal\.jsonl(?: \(deleted\))?$/;

const openFiles = (pid: string): string[] => {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
};

/** Runs whose journal a process has open, also when it was deleted meanwhile, and that process. Linux only. */
export const openJournals = (): ReadonlyMap<string, number> => {
  if (process.platform !== 'linux') return new Map();
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(
    pids.flatMap((pid) =>
      openFiles(pid).flatMap((file) => {
        const run = JOURNAL.exec(file)?.[1];
        return run === undefined ? [] : [[run, Number(pid)] as const];
      }),
    ),
  );
};
