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

/** Makes something privileged where that is wanted and the engine allows it; else with just what it needs. */
export const withPrivileges = async <T>(
  docker: Docker,
  wanted: boolean,
  make: (privileged: boolean) => Promise<T>,
  context: StepContext,
): Promise<T> => {
  if (!wanted || refusing.has(docker.endpoint.host)) return make(false);
  try {
    return await make(true);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    noteRefusal(docker);
    const {message} = error as Error;
    context.output(`--privileged is refused here (${message}): just the capabilities that it needs\n`);
    return make(false);
  }
};
