import {StepError} from '../../engine/step-type.ts';
import type {Docker} from './docker.ts';

/** The same error, with the name of the container that holds the port, if it is one. */
export const portHolder = async (docker: Docker, error: StepError): Promise<StepError> => {
  const port = /^port (\d+) is in use$/.exec(error.message)?.[1];
  if (error.details.code !== 'port-taken' || port === undefined) return error;
  const all = await docker.tidy((api) => api.listContainers()).catch(() => []);
  const holder = all.find(({Ports: ports}) => ports.some(({PublicPort}) => PublicPort === Number(port)));
  if (!holder) return error;
  const name = holder.Names[0]?.replace(/^\//, '') ?? holder.Id.slice(0, 12);
  return new StepError(`port ${port} is in use by container "${name}"`, {
    ...error.details,
    next: `stop it (docker stop ${name}), or publish another port`,
  });
};
