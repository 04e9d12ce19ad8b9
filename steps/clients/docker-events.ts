import type {StepContext} from '../../engine/step-type.ts';
import {dockerClient} from './docker.ts';

/** Docker's own filters for events: `{type: ['container'], container: ['web']}`. */
export type EventFilters = Readonly<Record<string, readonly string[]>>;

/** Yields whenever the daemon tells of something; ends with the step's signal, or when the daemon goes away. */
export async function* dockerEvents(context: StepContext, filters: EventFilters): AsyncGenerator<void> {
  // The second before is told again: nothing is lost between a look at the world and the first word of the daemon.
  const since = Math.floor(Date.now() / 1000) - 1;
  try {
    const docker = await dockerClient(context);
    for await (const _ of docker.stream((api) => api.getEvents({since, filters: JSON.stringify(filters)}))) yield;
  } catch {
    // Whoever looks next is told why the daemon cannot be reached.
  }
}

/** Whatever happens to these containers. */
export const containerEvents = (context: StepContext, ...names: readonly string[]): AsyncGenerator<void> =>
  dockerEvents(context, {type: ['container'], container: names});
