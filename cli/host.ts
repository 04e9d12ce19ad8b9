import type {Event, Host} from '../engine/index.ts';
import type {Call} from './command.ts';
import {version} from './package.ts';
import {type Progress, startProgress} from './progress.ts';
import {Prompter} from './prompt.ts';
import {askOfDoubt} from './settle.ts';
import {plain} from './streams.ts';
import type {Workshop} from './workshop.ts';

export interface Desk {
  readonly host: Host;
  readonly progress: Progress;
  readonly prompter: Prompter;
  /** Gives the terminal back for good. */
  close(): Promise<void>;
}

/** What the engine may know of the process, with the progress and the prompts around it. */
export const openDesk = async (
  call: Call,
  {engine}: Workshop,
  {yes, all = false, also = () => {}}: {yes: boolean; all?: boolean; also?: (event: Event) => void},
): Promise<Desk> => {
  const {around} = call;
  const {stdout, stderr, env} = around;
  const progress = await startProgress({stdout, stderr, env, all, json: call.json, style: call.errStyle});
  const isDrawn = progress.leave !== undefined && progress.comeBack !== undefined;
  const leaveStops = isDrawn
    ? around.aroundStop(
        () => progress.leave?.(),
        () => progress.comeBack?.(),
      )
    : () => {};
  const refuse = (message: string, next: string): Error =>
    new engine.RunbookError({code: 'no-terminal', message, next: [next]});
  const prompter = new Prompter({around, progress, yes, colours: call.errStyle !== plain, refuse});
  const emit = (event: Event): void => {
    also(event);
    progress.emit(event);
  };
  return {
    progress,
    prompter,
    close: async () => {
      leaveStops();
      await progress.pause();
    },
    host: {
      ...quietHost(call),
      emit,
      ask: prompter.ask,
      askSecret: prompter.askSecret,
      settle: (doubt) => askOfDoubt(prompter, doubt),
    },
  };
};

/** For commands that only look: nothing is shown, nobody is asked. */
export const quietHost = ({around, stateDir}: Call): Host => ({
  env: around.env,
  cwd: around.cwd,
  stateDir,
  signal: around.signal,
  killSignal: around.killSignal,
  version: version(),
  ...around.orders,
  emit: () => {},
  hide: (secrets) => around.secrets.add(secrets),
  ask: async () => false,
});
