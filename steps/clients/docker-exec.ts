import type {Duplex} from 'node:stream';
import type Dockerode from 'dockerode';
import {quote} from '../../engine/sh.ts';
import type {StepContext} from '../../engine/step-type.ts';
import {ACT_MS, type Chunks, type Docker} from './docker.ts';
import {handle} from './docker-containers.ts';
import {Captured, type Channel, demux} from './docker-stream.ts';
import {endFamily} from './process-family.ts';

/** One command to run in a container. */
export interface Exec {
  readonly container: string;
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  readonly stdin?: string | undefined;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

// What survives a crash of ours is found by this variable, also inside containers.
const markOf = (context: StepContext): string =>
  `RUNBOOK_STEP=${context.env.RUNBOOK_STEP ?? `${context.key}/${context.attempt}`}`;

/**
 * Runs a command in a container and streams what it prints. When the signal aborts, what it started there is ended; what an
 * attempt before has left there, because it was killed, is ended first.
 */
export const execute = async (docker: Docker, given: Exec, context: StepContext): Promise<ExecResult> => {
  if (context.attempt > 1) await endInside(docker, given.container, `RUNBOOK_STEP=${context.key}/`).catch(() => {});
  const created = await docker.ask((api) => handle(api, given.container).exec(createOptions(given, context)), ACT_MS);
  const printed = {stdout: new Captured(), stderr: new Captured()};
  try {
    for await (const {channel, text} of demux(
      docker.stream((api) => start(api, created.id, given.stdin)),
      false,
    )) {
      printed[channel satisfies Channel].add(text);
      context.output(text, channel);
    }
    // A daemon that is killed ends the stream, too, as if the command had ended.
    const exitCode = await exitCodeOf(docker, created.id);
    return {stdout: printed.stdout.text, stderr: printed.stderr.text, exitCode};
  } catch (error) {
    await endProcesses(docker, given.container, markOf(context));
    throw error;
  }
};

const createOptions = (given: Exec, context: StepContext): Dockerode.ExecCreateOptions => ({
  Cmd: [...given.command],
  Env: [...given.env, markOf(context)],
  AttachStdin: given.stdin !== undefined,
  AttachStdout: true,
  AttachStderr: true,
  ...(given.user !== undefined && {User: given.user}),
  ...(given.workdir !== undefined && {WorkingDir: given.workdir}),
});

const start = async (api: Dockerode, id: string, stdin: string | undefined): Promise<Chunks> => {
  if (stdin === undefined) return api.getExec(id).start({});
  const socket: Duplex = await api.getExec(id).start({hijack: true, stdin: true});
  // The command may end without reading it all.
  socket.on('error', () => {});
  socket.end(stdin);
  return socket;
};

// The stream ends a moment before the daemon has noted the exit code.
const exitCodeOf = async (docker: Docker, id: string): Promise<number> => {
  for (let look = 0; look < 50; look += 1) {
    const {Running, ExitCode} = await docker.ask((api) => api.getExec(id).inspect());
    if (!Running && ExitCode !== null) return ExitCode;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('Docker does not tell how the command ended');
};

/**
 * The daemon has no call that ends an exec: its processes outlive the connection. They carry the mark in their
 * environment, so a shell in the container finds them, with all that they started; TERM first, KILL after 2 s.
 */
const END_LIMIT_MS = 15_000;
const END_SCRIPT = `
find_marked() { for dir in /proc/[0-9]*; do
  if { tr '\\0' '\\n' <"$dir/environ" | grep -qF "$MARK"; } 2>/dev/null; then echo "\${dir#/proc/}"; fi
done; }
for signal in TERM KILL; do
  left=$(find_marked); [ -n "$left" ] || exit 0
  kill -s $signal $left 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -n "$(find_marked)" ] || exit 0
    sleep 0.1 2>/dev/null || sleep 1
  done
done
exit 1`;

const endInside = (docker: Docker, container: string, mark: string): Promise<void> => {
  // The script itself must not carry the mark in its environment: it would end itself.
  const Cmd = ['sh', '-c', `MARK=${quote(mark)}\n${END_SCRIPT}`];
  return docker.tidy(async (api) => {
    const exec = await handle(api, container).exec({Cmd, User: '0', AttachStdout: true, AttachStderr: true});
    for await (const _ of await exec.start({}));
  }, END_LIMIT_MS);
};

// A container without a shell, or one that is gone: where its engine is on this machine, its processes are ours to see.
const endProcesses = async (docker: Docker, container: string, mark: string): Promise<void> => {
  await endInside(docker, container, mark).catch(() => {});
  await endFamily({group: undefined, mark});
};
