import type {Problem} from '../engine/index.ts';

const LIMITS: Readonly<Record<string, readonly [what: string, next: string]>> = {
  EMFILE: ['this process may not open more files', 'raise the limit of this shell: ulimit -n 1024'],
  ENFILE: ['this machine may not open more files', 'see what holds so many: lsof; raise fs.file-max'],
  ENOMEM: ['this machine has no memory left', 'see what takes it: free, top'],
  EAGAIN: ['no further process may be started', 'see the limit and what counts for it: ulimit -u; ps -L -u "$USER"'],
};

/** Whether an error says that the machine, or what this process may take of it, is used up: no bug of ours. */
export const exhaustion = (error: unknown): Problem | undefined => {
  if (!(error instanceof Error)) return undefined;
  const [what, next] = LIMITS[(error as NodeJS.ErrnoException).code ?? ''] ?? [];
  if (what === undefined || next === undefined) return exhaustion(error.cause);
  return {
    code: 'out-of-resources',
    message: what,
    found: error.message,
    next: [next, 'then, if a run had begun: runbook resume'],
  };
};
