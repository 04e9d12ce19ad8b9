import {dirname, join, resolve} from 'node:path';
import {checkReferences} from './check-references.ts';
import {checkChildSecrets, checkSecrets} from './check-secrets.ts';
import {checkCombinations, checkForeach, checkOrder} from './check-steps.ts';
import type {ChildDraft, Draft, Named, StepDraft} from './draft.ts';
import {type EnvFile, readEnvFile} from './env-files.ts';
import {type Problem, RunbookError} from './errors.ts';
import {checkInput} from './inputs.ts';
import {Mistakes, throwProblems} from './mistakes.ts';
import {suggest} from './nearest.ts';
import {readRunbookFile} from './read-file.ts';
import {fileName, readRunbook} from './read-runbook.ts';
import type {Runbook, Step} from './runbook.ts';
import {source} from './source.ts';
import type {Registry} from './step-type.ts';
import {parseYaml} from './yaml.ts';

/** What a runbook may refer to outside its own file. */
export interface LoadOptions {
  readonly registry: Registry;
  /** Names that may stand in `requires:`. */
  readonly requirements: readonly string[];
  /** The file of a runbook named by `uses: runbook`, looked up from another one's file; undefined when there is none. */
  find(name: string, from: string): Promise<string | undefined>;
  /** Names for a suggestion when `find` found nothing. */
  names?(): Promise<readonly string[]>;
  /** Env files beside the runbook's own whose names may be read too (`--env-file`). */
  readonly envFiles?: readonly string[];
}

/**
 * Reads and checks a runbook's file.
 * @throws RunbookError with all problems of the file and its child runbooks, in the order of the file
 */
export const loadRunbook = async (file: string, options: LoadOptions): Promise<Runbook> => {
  const {runbook, problems} = await new Loader(options).load(resolve(file), []);
  throwProblems(problems);
  if (runbook === undefined) throw new Error(`internal error: ${file} has no problem but could not be read`);
  return runbook;
};

/** All problems of a file, in its order; an empty list when it is right. */
export const validateFile = async (file: string, options: LoadOptions): Promise<readonly Problem[]> =>
  (await new Loader(options).load(resolve(file), [])).problems;

interface Loaded {
  /** Undefined when there are problems. */
  readonly runbook?: Runbook;
  readonly problems: readonly Problem[];
}

/** The names that env files define. */
interface EnvNames {
  readonly names: ReadonlySet<string>;
  readonly secret: ReadonlySet<string>;
}

/** Loads a runbook and the ones that it uses, each file once. */
class Loader {
  readonly #options: LoadOptions;
  readonly #loaded = new Map<string, Promise<Loaded>>();

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** @param users the files that lead here, outermost first */
  load(file: string, users: readonly string[]): Promise<Loaded> {
    let loading = this.#loaded.get(file);
    if (loading === undefined) this.#loaded.set(file, (loading = this.#read(file, users)));
    return loading;
  }

  async #read(file: string, users: readonly string[]): Promise<Loaded> {
    const text = await textOf(file);
    if (typeof text !== 'string') return {problems: text};
    const mistakes = new Mistakes(source(file, text));
    const root = parseYaml(mistakes);
    if (root === undefined) {
      if (mistakes.none) mistakes.add('empty-runbook', 'the file holds no runbook', {file, line: 1, column: 1});
      return {problems: mistakes.sorted};
    }
    const draft = readRunbook(root, {registry: this.#options.registry, mistakes});
    const env = await this.#checkEnv(draft, file, mistakes);
    this.#checkRequirements(draft, mistakes);
    checkDraft({...draft, secretEnv: env?.secret ?? new Set()}, env?.names, mistakes);
    const children = new Map<string, NonNullable<Step['child']>>();
    const inner: Problem[] = [];
    for (const one of draft.steps) {
      const child = await this.#child(one, draft, [...users, file], mistakes, inner);
      if (child !== undefined) children.set(one.step.id, child);
    }
    const problems = [...mistakes.sorted, ...inner];
    return problems.length > 0 ? {problems} : {runbook: assemble(draft, children, file, text), problems};
  }

  async #checkEnv(draft: Draft, file: string, mistakes: Mistakes): Promise<EnvNames | undefined> {
    const own = draft.env.map(({name, place, secret}) => ({path: envPath(file, name), place, secret}));
    const extra = (this.#options.envFiles ?? []).map((path) => ({path, place: undefined, secret: false}));
    const read = await Promise.all([...own, ...extra].map(readEnvFile));
    for (const {problem} of read)
      if (problem?.place !== undefined)
        mistakes.add(
          'env-file',
          problem.message,
          problem.place,
          problem.next === undefined ? {} : {next: problem.next},
        );
    if (read.some(({problem}) => problem !== undefined)) return undefined;
    const namesIn = (files: readonly EnvFile[]): ReadonlySet<string> =>
      new Set(files.flatMap(({variables}) => Object.keys(variables)));
    return {names: namesIn(read), secret: namesIn(read.filter(({secret}) => secret))};
  }

  #checkRequirements(draft: Draft, mistakes: Mistakes): void {
    const {requirements} = this.#options;
    for (const {name, place} of draft.requires)
      if (!requirements.includes(name))
        mistakes.add(
          'unknown-requirement',
          `nothing is known of a requirement "${name}"`,
          place,
          suggest(name, requirements),
        );
  }

  async #child(
    {step, child}: StepDraft,
    draft: Draft,
    users: readonly string[],
    mistakes: Mistakes,
    inner: Problem[],
  ): Promise<Step['child']> {
    if (child === undefined) return undefined;
    const file = await this.#find(child.runbook, users.at(-1) ?? '', mistakes);
    if (file === undefined) return undefined;
    if (users.includes(file)) {
      const chain = [...users.slice(users.indexOf(file)), file].map(fileName).join('" uses "');
      mistakes.add('cycle', `step "${step.id}": "${chain}"`, child.runbook.place, {
        next: ['take one of these steps out'],
      });
      return undefined;
    }
    const {runbook, problems} = await this.load(file, users);
    for (const problem of problems) if (!inner.includes(problem)) inner.push(problem);
    if (runbook === undefined) return undefined;
    checkChildInputs(step, child, runbook, draft, mistakes);
    return {runbook, inputs: new Map([...child.inputs].map(([name, {template}]) => [name, template]))};
  }

  async #find({name, place}: Named, from: string, mistakes: Mistakes): Promise<string | undefined> {
    const found = await this.#options.find(name, from);
    if (found !== undefined) return resolve(found);
    const names = (await this.#options.names?.()) ?? [];
    mistakes.add('no-such-runbook', `there is no runbook "${name}"`, place, suggest(name, names));
    return undefined;
  }
}

const textOf = async (file: string): Promise<string | readonly Problem[]> => {
  try {
    return await readRunbookFile(file);
  } catch (error) {
    if (error instanceof RunbookError) return error.problems;
    throw error;
  }
};

// `env/` stands beside the folder of the runbook
const envPath = (file: string, name: string): string => join(dirname(dirname(file)), 'env', name);

const checkDraft = (draft: Draft, env: ReadonlySet<string> | undefined, mistakes: Mistakes): void => {
  for (const one of draft.steps) {
    if (mistakes.isFull) return;
    checkOrder(one, draft, mistakes);
    checkCombinations(one, mistakes);
    checkForeach(one, mistakes);
    checkReferences(one, {draft, env, mistakes});
    checkSecrets(one, draft, mistakes);
  }
};

const checkChildInputs = (step: Step, child: ChildDraft, runbook: Runbook, draft: Draft, mistakes: Mistakes): void => {
  const prefix = `step "${step.id}": `;
  for (const [name, {template, key, place}] of child.inputs) {
    const input = runbook.inputs.get(name);
    if (input === undefined) {
      const message = `${prefix}runbook "${runbook.name}" has no input "${name}"`;
      mistakes.add('unknown-input', message, key, suggest(name, runbook.inputs.keys()));
      continue;
    }
    checkChildSecrets(template, input, place, draft, mistakes);
    const verdict = template.kind === 'literal' ? checkInput(input, template.value) : undefined;
    if (verdict !== undefined && 'expected' in verdict)
      mistakes.add('input-invalid', `${prefix}input "${name}" can't be this`, place, verdict);
  }
  for (const input of runbook.inputs.values())
    if (input.default === undefined && !child.inputs.has(input.name))
      mistakes.add(
        'input-missing',
        `${prefix}runbook "${runbook.name}" needs input "${input.name}"`,
        child.runbook.place,
      );
};

const assemble = (
  {name, title, about, env, requires, inputs, steps}: Draft,
  children: ReadonlyMap<string, NonNullable<Step['child']>>,
  file: string,
  text: string,
): Runbook => ({
  name,
  title,
  ...(about === undefined ? {} : {about}),
  file,
  dir: dirname(file),
  text,
  env: env.map(({name, place, secret}) => ({path: envPath(file, name), place, secret})),
  requires: requires.map((requirement) => requirement.name),
  inputs,
  steps: steps.map(({step}) => {
    const child = children.get(step.id);
    return child === undefined ? step : {...step, child};
  }),
});
