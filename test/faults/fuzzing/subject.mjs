// Does what it is sent with the engine and the importer, one case at a time, and answers with what came of it. It may hang or die:
// the laboratory bounds its time from outside.
import {existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {Session} from 'node:inspector';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const shipped = fileURLToPath(new URL('../../../runbooks/', import.meta.url));
const load = (file) => import(join(root, file));

const engine = await load('engine/index.ts');
const {registry} = await load('steps/index.ts');
const {requirements} = await load('cli/doctor/doctor.ts');
const {parseExpression} = await load('engine/expression.ts');
const {readEnvFile, resolveEnv} = await load('engine/env-files.ts');
const {resolveInputs} = await load('engine/inputs.ts');
const {Importer} = await load('cli/import/importer.ts');
const {runbookText} = await load('cli/import/runbook-text.ts');
const {repaired, problemsOf} = await load('cli/import/judge.ts');

const dir = mkdtempSync(join(tmpdir(), 'runbook-fuzz-'));
process.on('exit', () => rmSync(dir, {recursive: true, force: true}));

const loadOptions = {
  registry,
  requirements: Object.keys(requirements),
  find: async (name) => [join(dir, 'runbooks'), shipped].map((folder) => join(folder, `${name}.yaml`)).find(existsSync),
  names: async () => ['child', 'main'],
};
const host = {
  env: {PATH: process.env.PATH, HOME: dir},
  cwd: dir,
  stateDir: join(dir, '.runbook'),
  signal: new AbortController().signal,
  killSignal: new AbortController().signal,
  version: 'fuzz',
  emit() {},
  ask: async () => false,
};

/** What a reader of a runbook that is right may do with it. */
const readAll = async (runbook) => {
  await engine.describeRunbook(runbook, registry, host);
  await engine.reportOfFile(runbook, registry, host);
  await engine.shellScript({runbook, registry, set: {}, envFiles: []}, host);
};

const subjects = {
  async runbook({files}) {
    rmSync(join(dir, 'runbooks'), {recursive: true, force: true});
    rmSync(join(dir, 'env'), {recursive: true, force: true});
    for (const [name, bytes] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), {recursive: true});
      writeFileSync(join(dir, name), Buffer.from(bytes, 'base64'));
    }
    const main = join(dir, 'runbooks/main.yaml');
    const problems = await engine.validateFile(main, loadOptions);
    if (problems.length === 0) await readAll(await engine.loadRunbook(main, loadOptions));
    return {problems};
  },

  expression({source, values}) {
    const expression = parseExpression(source, (offset) => ({file: 'e', line: 1, column: offset + 1}));
    expression.explain(values);
    return {value: JSON.stringify(expression.evaluate(values)) ?? 'nothing'};
  },

  async env({bytes, secret}) {
    const path = join(dir, 'x.env');
    writeFileSync(path, Buffer.from(bytes, 'base64'));
    const asked = {path, place: {file: path, line: 1, column: 1}, secret};
    const {problem, variables} = await readEnvFile(asked);
    if (problem === undefined) await resolveEnv({env: [asked]}, [path], {});
    return problem === undefined ? {value: JSON.stringify(variables)} : {problems: [problem]};
  },

  inputs({inputs, given}) {
    const place = {file: 'i', line: 1, column: 1};
    const declared = new Map(inputs.map((input) => [input.name, {secret: false, place, ...input}]));
    return {value: JSON.stringify(resolveInputs({name: 'fuzz', inputs: declared}, Object.fromEntries(given)))};
  },

  async import({text}) {
    const {importer, draft} = engine.interruptible(10_000, () => {
      const importer = new Importer('fuzz');
      return {importer, draft: importer.read(text)};
    });
    if (draft.steps.length === 0) return {value: 'nothing'};
    const workshop = {engine, registry, loadOptions};
    const written = await repaired(
      draft,
      () => runbookText(draft, {name: 'fuzz', comment: '# imported', loose: importer.decisions}),
      workshop,
    );
    return {written, problems: [], left: await problemsOf(written, workshop)};
  },
};

const NATURES = [Object, Array, String, Number, Boolean, Function, Map, Set, Promise, RegExp, Error, Symbol, BigInt];
const natures = () =>
  NATURES.map(({prototype}) => Reflect.ownKeys(prototype).length).join() + Object.keys(globalThis).length;
const pristine = natures();
const sentinel = Object.prototype.toString;

const session = process.argv.includes('--coverage') ? new Session() : undefined;
const post = (method, params) =>
  new Promise((resolve, reject) =>
    session.post(method, params, (error, result) => (error ? reject(error) : resolve(result))),
  );
if (session !== undefined) {
  session.connect();
  await post('Profiler.enable');
  await post('Profiler.startPreciseCoverage', {callCount: true, detailed: true});
}

const seen = new Set();
/** How many stretches of code were reached for the first time. */
const newlyReached = async () => {
  if (session === undefined) return 0;
  const {result} = await post('Profiler.takePreciseCoverage');
  let fresh = 0;
  for (const {url, functions} of result) {
    if (!/\/(engine|steps|cli)\/[^?]*\.ts/.test(url)) continue;
    for (const {ranges} of functions)
      for (const {startOffset, endOffset, count} of ranges) {
        const key = `${url}:${startOffset}:${endOffset}`;
        if (count === 0 || seen.has(key)) continue;
        seen.add(key);
        fresh++;
      }
  }
  return fresh;
};

const outcomeOf = async (one) => {
  try {
    return await subjects[one.kind](one);
  } catch (error) {
    if (error instanceof engine.TookTooLong) return {value: 'refused'};
    if (error instanceof engine.RunbookError) return {problems: error.problems};
    return {crash: error instanceof Error ? (error.stack ?? error.message) : String(error)};
  }
};

process.on('unhandledRejection', (error) => process.send({crash: `unhandled rejection: ${error?.stack ?? error}`}));

process.on('message', async (one) => {
  const outcome = await outcomeOf(one);
  const polluted = natures() !== pristine || Object.prototype.toString !== sentinel || 'polluted' in {};
  process.send({...outcome, polluted, fresh: await newlyReached()});
});
process.send({ready: true, dir});
