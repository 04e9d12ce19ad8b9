import {setTimeout as pause} from 'node:timers/promises';
import {type StepContext, StepError} from '../../../engine/step-type.ts';
import {dockerClient} from '../docker.ts';

/** An engine that has not answered in this time will not. */
const READY_MS = 60_000;
const PAUSE_MS = 60;

type Asking = Pick<StepContext, 'env' | 'signal'>;

/** The version of a machine's engine, asked through its context: over TLS or ssh, as any `docker` would. */
export const engineVersion = async (name: string, {env, signal}: Asking): Promise<string> => {
  const docker = await dockerClient({on: name, env, signal});
  const ask = () => docker.ask((api) => api.version());
  // A connection that was kept open before the machine was started anew is dead: the second one is fresh.
  return (await ask().catch(ask)).Version;
};

/**
 * Waits until a machine's engine answers.
 * @param ended tells why it never will, when that can be told
 */
export const untilReady = async (
  name: string,
  context: Asking,
  ended: () => Promise<string | undefined>,
): Promise<string> => {
  const start = performance.now();
  for (let look = 1; ; look++) {
    context.signal.throwIfAborted();
    let wrong: unknown;
    try {
      return await engineVersion(name, context);
    } catch (error) {
      wrong = error;
    }
    context.signal.throwIfAborted();
    const end = look % 4 === 0 ? await ended() : undefined;
    if (end !== undefined) throw new StepError(`machine "${name}" does not run`, {found: end, cause: wrong});
    if (performance.now() - start > READY_MS) {
      const found = wrong instanceof Error ? wrong.message : String(wrong);
      throw new StepError(`the engine of machine "${name}" did not answer within ${READY_MS / 1000} s`, {
        code: 'docker-unreachable',
        found,
        cause: wrong,
      });
    }
    await pause(PAUSE_MS, undefined, {signal: context.signal});
  }
};
