import type {Docker} from '../docker.ts';
import {type Labels, RUN} from '../labels.ts';

/** What has our labels, as the daemon filters by it. */
export const OURS = {filters: JSON.stringify({label: [RUN]})};

const STACK = 'com.docker.stack.namespace';
const PROJECT = 'com.docker.compose.project';

/** The stack that it is a part of. */
export const stackOf = (labels: Labels | null | undefined): string | undefined => labels?.[STACK];
/** The project of Docker Compose that it is a part of. */
export const projectOf = (labels: Labels | null | undefined): string | undefined => labels?.[PROJECT];

/** What has to be known of an engine to tell its things from those of another, and what can be asked of it. */
export interface Engine {
  readonly id: string;
  /** The swarm whose manager it is; only managers know services. */
  readonly swarm: string | undefined;
}

export const engineOf = async (docker: Docker): Promise<Engine> => {
  const {ID, Swarm} = await docker.ask((api) => api.info());
  const {ControlAvailable: isManager, Cluster: cluster} = (Swarm ?? {}) as {
    ControlAvailable?: boolean;
    Cluster?: {ID?: string} | null;
  };
  return {id: String(ID), swarm: isManager === true ? (cluster?.ID ?? String(ID)) : undefined};
};

/** Docker names a volume by itself when nobody else does. */
export const isUnnamed = (volume: string): boolean => /^[0-9a-f]{64}$/.test(volume);
