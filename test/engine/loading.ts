import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import type {Problem} from '../../engine/errors.ts';
import {type LoadOptions, loadRunbook, validateFile} from '../../engine/load.ts';
import type {Runbook} from '../../engine/runbook.ts';
import {defineStepType, type Registry, type StepType} from '../../engine/step-type.ts';

const shell = defineStepType({
  name: 'shell',
  about: 'A script.',
  options: v.strictObject({
    run: v.string(),
    shell: v.optional(v.picklist(['sh', 'bash'])),
    env: v.optional(v.record(v.string(), v.string())),
  }),
  outputs: v.object({stdout: v.string(), exitCode: v.number()}),
  effect: 'repeatable',
  effectIsSettable: true,
  scriptOption: 'run',
  secretOptions: ['run', 'env'],
  command: ({run}) => run,
  run: async () => ({stdout: '', exitCode: 0}),
});

const make = defineStepType({
  name: 'thing.make',
  about: 'Makes a thing.',
  options: v.strictObject({
    name: v.pipe(v.string(), v.minLength(1)),
    size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    ports: v.optional(v.array(v.union([v.string(), v.number()]))),
    labels: v.optional(v.record(v.string(), v.string())),
    mode: v.optional(v.picklist(['fast', 'slow'])),
    password: v.optional(v.string()),
  }),
  outputs: v.object({ip: v.string(), json: v.any()}),
  effect: 'converges',
  secretOptions: ['password'],
  command: ({name}) => `make ${name}`,
  run: async () => ({ip: '', json: null}),
  verify: async () => ({ok: true, outputs: {ip: '', json: null}}),
});

const look = defineStepType({
  name: 'thing.look',
  about: 'Looks at a thing.',
  options: v.strictObject({name: v.string(), follow: v.optional(v.boolean())}),
  outputs: v.object({status: v.number(), json: v.any()}),
  effect: 'reads',
  command: ({name}) => `look ${name}`,
  run: async () => ({status: 200, json: null}),
});

const assertion = defineStepType({
  name: 'assert',
  about: 'Only its expect.',
  options: v.strictObject({}),
  outputs: v.object({}),
  effect: 'reads',
  needsExpect: true,
  command: () => 'true',
  run: async () => ({}),
});

const manual = defineStepType({
  name: 'manual',
  about: 'A person does it.',
  options: v.strictObject({instructions: v.string()}),
  outputs: v.object({}),
  effect: 'repeatable',
  needsVerify: true,
  command: () => '',
  run: async () => ({}),
});

export const registry: Registry = new Map(
  ([shell, make, look, assertion, manual] as unknown as StepType[]).map((type) => [type.name, type]),
);

/** A folder with runbooks in `runbooks/` and env files in `env/`; gone after the body. */
export const inFolder = async <T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  body: (dir: string) => Promise<T>,
): Promise<T> => {
  const dir = await mkdtemp(join(tmpdir(), 'runbook-load-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, name)), {recursive: true});
      await writeFile(join(dir, name), text);
    }
    return await body(dir);
  } finally {
    await rm(dir, {recursive: true, force: true});
  }
};

export const optionsIn = (dir: string, files: Iterable<string>): LoadOptions => ({
  registry,
  requirements: ['docker', 'docker-compose'],
  find: async (name) => {
    const file = `runbooks/${name}.yaml`;
    return [...files].includes(file) ? join(dir, file) : undefined;
  },
  names: async () => [...files].map((file) => file.replace(/^runbooks\/|\.yaml$/g, '')),
});

type Files = Readonly<Record<string, string | Uint8Array>>;

const withMain = (text: string | Uint8Array, others: Files): Files => ({'runbooks/main.yaml': text, ...others});

/** All problems of a runbook's text. */
export const problemsOf = (text: string | Uint8Array, others: Files = {}): Promise<readonly Problem[]> => {
  const files = withMain(text, others);
  return inFolder(files, (dir) => validateFile(join(dir, 'runbooks/main.yaml'), optionsIn(dir, Object.keys(files))));
};

/** A runbook's text, loaded. */
export const loaded = (text: string, others: Files = {}): Promise<Runbook> => {
  const files = withMain(text, others);
  return inFolder(files, (dir) => loadRunbook(join(dir, 'runbooks/main.yaml'), optionsIn(dir, Object.keys(files))));
};

/** `line:column code` of each problem. */
export const spots = (problems: readonly Problem[]): readonly string[] =>
  problems.map(({place, code}) => `${place?.line}:${place?.column} ${code}`);

/** The one problem of a runbook's text. */
export const one = async (text: string, others: Record<string, string> = {}): Promise<Problem> => {
  const problems = await problemsOf(text, others);
  assert.is(
    problems.length,
    1,
    `${text}\n${JSON.stringify(
      problems.map(({place, code, message}) => [place?.line, code, message]),
      null,
      1,
    )}`,
  );
  return problems[0] as Problem;
};

/** The steps of a runbook, written with the indent of the test around them. */
export const steps = (text: string): string => `steps:\n${text.replace(/^\n|\n\s*$/g, '').replace(/^ {4}/gm, '')}\n`;
