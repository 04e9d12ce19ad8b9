import {readFileSync} from 'node:fs';
import {type StepContext, StepError} from '../../../engine/step-type.ts';
import type {Docker} from '../docker.ts';

/** The engines that have refused a privileged container. */
const refusing = new Set<string>();

export const isRefusal = (error: unknown): boolean =>
  error instanceof StepError && /unable to apply caps|operation not permitted/i.test(error.message);

/** That an engine refuses is not asked again. */
export const noteRefusal = ({endpoint: {host}}: Docker): void => {
  refusing.add(host);
};

// Numbers of capabilities(7). An engine can't run without the first; a container with the second is more than it can give here.
const SYS_ADMIN = 21n;
const SYS_RESOURCE = 24n;

/** Whether no process of this host may have what `--privileged` gives, by the text of /proc/self/status. */
export const isShortOfCapabilities = (status: string): boolean => {
  const bounds = /^CapBnd:\s*([\da-f]+)$/m.exec(status)?.[1];
  const has = (capability: bigint): boolean => ((BigInt(`0x${bounds}`) >> capability) & 1n) === 1n;
  return bounds !== undefined && has(SYS_ADMIN) && !has(SYS_RESOURCE);
};

/** Where an engine shares our host and its limits, the attempt that it would refuse is spared: with three machines a second. */
const willRefuse = ({endpoint: {host}}: Docker): boolean => {
  if (refusing.has(host)) return true;
  if (process.platform !== 'linux' || !host.startsWith('unix:')) return false;
  return isShortOfCapabilities(readFileSync('/proc/self/status', 'utf8'));
};

/** Makes something privileged where that is wanted and the engine allows it; else with just what it needs. */
export const withPrivileges = async <T>(
  docker: Docker,
  wanted: boolean,
  make: (privileged: boolean) => Promise<T>,
  {output}: Pick<StepContext, 'output'>,
): Promise<T> => {
  if (!wanted) return make(false);
  if (willRefuse(docker)) {
    output('--privileged would be refused here: just the capabilities that it needs\n');
    return make(false);
  }
  try {
    return await make(true);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    noteRefusal(docker);
    const {message} = error as Error;
    output(`--privileged is refused here (${message}): just the capabilities that it needs\n`);
    return make(false);
  }
};
