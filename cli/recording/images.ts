import {spawn} from 'node:child_process';
import {access} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {Foretold} from '../../engine/index.ts';
import type {OwnEngine} from '../own-engine.ts';
import type {Surroundings} from '../surroundings.ts';

/** An image that a runbook wants, under the name that it has where no registry answers. */
export interface WantedImage {
  readonly name: string;
  /** What builds it. */
  readonly script?: string;
}

interface ImageOptions {
  readonly image?: unknown;
  readonly build?: {readonly definition: string; readonly tag: string};
}

/** The images of the steps `docker.image`: those that a definition builds, else those that are to be pulled. */
export const wantedImages = (steps: readonly Foretold[]): readonly WantedImage[] => {
  const wanted = new Map<string, WantedImage>();
  for (const {uses, options, dir} of steps) {
    if (uses !== 'docker.image') continue;
    const {image, build} = options as ImageOptions;
    if (build !== undefined)
      wanted.set(build.tag, {name: build.tag, script: join(dirname(dir), 'env/images', build.definition, 'build.sh')});
    else if (typeof image === 'string') wanted.set(image, {name: image});
  }
  return [...wanted.values()];
};

type Around = Pick<Surroundings, 'env' | 'signal'>;

/**
 * The network of an engine of ours leads nowhere, so it gets its images from outside: copied from the user's engine, where only
 * looking is done, or built. What is neither here nor can be built is left to the step that wants it.
 */
export const giveImages = async (
  engine: OwnEngine,
  wanted: readonly WantedImage[],
  {env, signal}: Around,
  say: (line: string) => void,
): Promise<void> => {
  const own = {...env, ...engine.env};
  const here: string[] = [];
  for (const {name} of wanted) if (await succeeds('docker', ['image', 'inspect', name], env, signal)) here.push(name);
  if (here.length > 0) {
    say(`copying images: ${here.join(', ')}`);
    await copy(here, env, own, signal);
  }
  for (const {name, script} of wanted) {
    if (here.includes(name) || script === undefined) continue;
    if (
      !(await access(script).then(
        () => true,
        () => false,
      ))
    )
      continue;
    say(`building ${name}`);
    await succeeds('sh', [script, name], own, signal);
  }
};

type Env = Readonly<Record<string, string | undefined>>;

const succeeds = (file: string, args: readonly string[], env: Env, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(file, args, {env: env as NodeJS.ProcessEnv, stdio: 'ignore', signal});
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });

const copy = async (names: readonly string[], from: Env, to: Env, signal: AbortSignal): Promise<void> => {
  const saving = spawn('docker', ['save', ...names], {
    env: from as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
  });
  const loading = spawn('docker', ['load', '--quiet'], {
    env: to as NodeJS.ProcessEnv,
    stdio: ['pipe', 'ignore', 'ignore'],
    signal,
  });
  // one of the two may end early
  loading.stdin.on('error', () => {});
  saving.stdout.pipe(loading.stdin);
  const ended = [saving, loading].map(
    (child) => new Promise<void>((resolve) => child.on('error', () => resolve()).on('close', () => resolve())),
  );
  await Promise.all(ended);
};
