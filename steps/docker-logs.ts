import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, type Site, type StepContext, StepError} from '../engine/step-type.ts';
import {type Docker, dockerClient, dockerCommand} from './clients/docker.ts';
import {type Container, getContainer, type LogOptions, logs} from './clients/docker-containers.ts';
import {objectName} from './clients/docker-run-options.ts';
import {Captured, demux, lastLines} from './clients/docker-stream.ts';

const options = v.strictObject({
  container: v.pipe(objectName, v.description('Name or id')),
  tail: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.description('How many of the last lines; 1000 when left out')),
    1000,
  ),
  since: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(\d+(\.\d+)?(s|m|h))+$|^\d{4}-\d\d-\d\d/, 'such as 10m or 2026-11-22T10:00:00Z'),
      v.description('Only what came after: "10m", or a date and time'),
    ),
  ),
  contains: v.optional(
    v.pipe(v.string(), v.minLength(1), v.description('The step holds only when a line contains this text')),
  ),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  text: v.pipe(v.string(), v.description('What it printed, on both streams')),
  lines: v.pipe(v.array(v.string()), v.description('The same, line by line')),
});

const UNIT_SECONDS: Readonly<Record<string, number>> = {s: 1, m: 60, h: 3600};

const sinceSeconds = (since: string): number => {
  if (/^\d{4}-/.test(since)) return Math.floor(Date.parse(since) / 1000);
  const parts = [...since.matchAll(/([\d.]+)([smh])/g)];
  const ago = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit ?? ''] ?? 0), 0);
  return Math.floor(Date.now() / 1000 - ago);
};

const open = (docker: Docker, {Id, Config: {Tty}}: Container, wanted: LogOptions) =>
  demux(
    docker.stream((api) => logs(api, Id, wanted)),
    Tty,
  );

const read = async (
  docker: Docker,
  {container, tail, since}: Options,
  output: StepContext['output'],
): Promise<string> => {
  const wanted = {tail, ...(since !== undefined && {since: sinceSeconds(since)})};
  const captured = new Captured();
  for await (const {channel, text} of open(docker, await getContainer(docker, container), wanted)) {
    captured.add(text);
    output(text, channel);
  }
  return captured.text;
};

async function* follow({container}: Options, context: StepContext): AsyncGenerator<void> {
  try {
    const docker = await dockerClient(context);
    const found = await getContainer(docker, container);
    for await (const _ of open(docker, found, {follow: true, tail: 0})) yield;
  } catch {
    // Whoever looks next is told what is wrong.
  }
}

const command = ({container, tail, since, contains}: Options, site: Site): string => {
  const line = sh`${dockerCommand(site)} logs --tail ${tail} ${since === undefined ? [] : ['--since', since]} ${container}`;
  return contains === undefined ? line : `${line} 2>&1 | ${sh`grep -F -e ${contains}`}`;
};

/** What a container has printed. */
export default defineStepType({
  name: 'docker.logs',
  about: 'Reads what a container has printed.',
  options,
  outputs,
  effect: 'reads',
  command,

  async run(given, context) {
    const text = await read(await dockerClient(context), given, context.output);
    if (given.contains !== undefined && !text.includes(given.contains)) {
      throw new StepError(`the log of "${given.container}" does not have the text yet`, {
        code: 'check-failed',
        expected: `a line with "${given.contains}"`,
        found: lastLines(text) || 'an empty log',
      });
    }
    return {text, lines: text.split(/\r?\n/).filter((line) => line !== '')};
  },

  changes: follow,

  shell: {outputs: {text: (given, site) => `${command({...given, contains: undefined}, site)} 2>&1`}},
});
