import * as v from 'valibot';
import {prints, sh} from '../engine/sh.ts';
import {defineStepType, type Site, StepError} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {containerEvents} from './clients/docker-events.ts';
import {type ExecResult, execute} from './clients/docker-exec.ts';
import {envFlags, secretAssignments} from './clients/docker-run-flags.ts';
import {objectName, settings, word} from './clients/docker-run-options.ts';
import {environment} from './clients/docker-run-spec.ts';
import {lastLines} from './clients/docker-stream.ts';

const options = v.strictObject({
  container: v.pipe(objectName, v.description('Name or id of a running container')),
  command: v.pipe(v.array(word), v.minLength(1), v.description('What to run in it, word by word; no shell parses it')),
  env: v.optional(v.pipe(settings, v.description('Environment variables')), {}),
  user: v.optional(v.pipe(v.string(), v.description('User, or user:group, that it runs as'))),
  workdir: v.optional(v.pipe(v.string(), v.description('The working directory inside'))),
  stdin: v.optional(v.pipe(v.string(), v.description('What it reads from its standard input'))),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  stdout: v.pipe(v.string(), v.description('What it printed, the first million characters of it')),
  stderr: v.pipe(v.string(), v.description('What it printed on its standard error')),
  exitCode: v.pipe(v.number(), v.description('0: any other fails the step')),
});

const inPlace = ({env, user, workdir}: Options): string[] => [
  ...envFlags(env).flat(),
  ...(user === undefined ? [] : ['-u', user]),
  ...(workdir === undefined ? [] : ['-w', workdir]),
];

const command = (given: Options, site: Site): string => {
  const flags = [...(given.stdin === undefined ? [] : ['-i']), ...inPlace(given)];
  const line = sh`${dockerCommand(site)} exec ${flags} ${given.container} ${given.command}`;
  const input = given.stdin === undefined ? '' : `${prints(given.stdin)} | `;
  return input + secretAssignments(given.env) + line;
};

/** As the step is in there: the same user, folder and variables. */
const enterLine = (given: Options, site: Site): string =>
  secretAssignments(given.env) + sh`${dockerCommand(site)} exec -it ${inPlace(given)} ${given.container} sh`;

const failure = ({container, command: [name = '']}: Options, {stdout, stderr, exitCode}: ExecResult): StepError =>
  new StepError(`"${name}" exited with code ${exitCode} in container "${container}"`, {
    code: 'command-failed',
    found: lastLines(stderr.trim() || stdout.trim()) || 'it printed nothing',
  });

/** A command in a running container. */
export default defineStepType({
  name: 'docker.exec',
  about: 'Runs a command in a running container.',
  options,
  outputs,
  effect: 'repeatable',
  effectIsSettable: true,
  secretOptions: ['env', 'stdin'],
  command,

  async run(given, context) {
    const docker = await dockerClient(context);
    const {container, user, workdir, stdin} = given;
    const words = given.command.map(String);
    const exec = {container, command: words, env: environment(given.env), user, workdir, stdin};
    const result = await execute(docker, exec, context);
    if (result.exitCode !== 0) throw failure(given, result);
    return result;
  },

  changes: ({container}, context) => containerEvents(context, container),

  enter: {what: 'its container', line: enterLine},

  shell: {outputs: {stdout: command, exitCode: () => 'echo 0'}},
});
