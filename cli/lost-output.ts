import type {Problem} from '../engine/index.ts';

/** The signal that stands for the end of whoever reads our output: a reader that has gone, a terminal that was closed. */
export const signalOfLoss = ({code}: NodeJS.ErrnoException): 'SIGPIPE' | 'SIGHUP' | undefined => {
  if (code === 'EPIPE' || code === 'ECONNRESET') return 'SIGPIPE';
  return code === 'EIO' || code === 'ENXIO' ? 'SIGHUP' : undefined;
};

/** What could not be printed is a result that is missing, whatever else went well. */
export const unwritten = (error: Error): Problem => ({
  code: 'output-unwritable',
  message: `the standard output can't be written: ${error.message}`,
  next: ['free space, or send it elsewhere; a run goes on with: runbook resume'],
});
