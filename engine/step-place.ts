import type {Node} from './graph.ts';
import type {Host} from './host.ts';
import {openStep, type StepRequest} from './one-step.ts';
import {enterLineOf, type Rendered, renderStep, showCommand, titleOf} from './render.ts';
import {variableName} from './scopes.ts';
import {contextOf, type Session, stateOf} from './session.ts';
import {hasVariable, sh} from './sh.ts';
import {variablesIn} from './stand-ins.ts';
import type {Json} from './step-type.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a step acts, for a person who wants to look around there. */
export interface StepPlace {
  readonly step: string;
  readonly title: string;
  /** The step's own folder, where it has one; else that of the run. Absolute. */
  readonly cwd: string;
  /** The whole environment for a shell beside the step: the operator's own, the step's, and what it is made from. */
  readonly env: Environment;
  /** Names of the `RUNBOOK_` variables in it. */
  readonly names: readonly string[];
  /** The line that a person would type for the step; also in `RUNBOOK_COMMAND`. */
  readonly command: string;
  /** Variables that stand in that line and are not set: secrets that the step does not get by its environment. */
  readonly unset: readonly string[];
  /** What else the step acts in, such as its container, and the line that opens a shell there. */
  readonly inside: {readonly what: string; readonly line: string} | undefined;
}

/** No system takes a longer text in an environment, or much more in all. */
const LONGEST_VALUE = 32_000;
const MOST_CHARACTERS = 500_000;

/**
 * What a shell needs to stand where a step stands. Secrets are in it only as far as the step itself gets them by its
 * environment.
 * @throws RunbookError as `openStep`
 */
export const placeOfStep = async (request: StepRequest, host: Host): Promise<StepPlace> => {
  const {session, node} = await openStep(request, host);
  const rendered = render(session, node);
  const command = rendered?.command() ?? showCommand(node, node.step, session.scopes, session.cwd);
  const secrets = secretsOf(session, rendered);
  const own = rendered?.type.process?.(rendered.options, rendered.site);
  const cwd = own?.cwd ?? session.cwd;
  // the line is one to type where the run was started
  const there = cwd === session.cwd ? '' : `${sh`cd ${session.cwd}`}\n`;
  const values = within({
    ...valuesOf(session, node, rendered, secrets),
    RUNBOOK_COMMAND: there + session.redactor.text(command),
  });
  const env = {...stepEnv(session, node, rendered), ...context(rendered), ...secrets, ...own?.env, ...values};
  return {
    step: node.key,
    title: titleOf(node),
    cwd,
    env,
    names: Object.keys(values).sort(),
    command: session.redactor.text(command),
    unset: namesIn(rendered).filter((name) => env[name] === undefined),
    inside: insideOf(session, rendered),
  };
};

/** What it needs may not be there: then the shell is told what is. */
const render = (session: Session, node: Node): Rendered | undefined => {
  try {
    return renderStep(node, session.scopes, session.cwd, (secret) => session.store.fingerprint(secret));
  } catch {
    return undefined;
  }
};

/** That of the step's processes, but without what marks them: what a person starts is nobody's to end. */
const stepEnv = (session: Session, node: Node, rendered: Rendered | undefined): Environment => {
  const site = rendered?.site ?? {on: undefined, dir: node.scope.runbook.dir, cwd: session.cwd};
  const {signal} = session.host;
  const {RUNBOOK_STEP: _, ...env} = contextOf(session, site, node.key, {attempt: 0, signal}).env;
  return env;
};

// a DOCKER_HOST of the user's would win over the context
const context = (rendered: Rendered | undefined): Environment =>
  rendered?.site.on === undefined ? {} : {DOCKER_HOST: '', DOCKER_CONTEXT: rendered.site.on};

const namesIn = (rendered: Rendered | undefined): readonly string[] =>
  rendered === undefined ? [] : variablesIn(rendered.record.options);

/** The secrets that a step gets by its environment, by the names under which they stand in its command line. */
const secretsOf = (session: Session, rendered: Rendered | undefined): Record<string, string> => {
  const {env} = (rendered?.record.options ?? {}) as {readonly env?: Json};
  const names = env === undefined ? [] : variablesIn(env);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = session.scopes.secret(name);
      return value === undefined ? [] : [[name, textOf(value)]];
    }),
  );
};

/** Options, inputs and outputs under the names that docs/resume.md gives them, the nearest to the step first. */
const valuesOf = (
  session: Session,
  node: Node,
  rendered: Rendered | undefined,
  secrets: Readonly<Record<string, string>>,
): Record<string, string> => {
  const {scope} = node;
  const inputs = Object.entries(session.scopes.inputsOf(scope, 'shown')).map(
    ([name, value]) => [inputName(name), value] as const,
  );
  const options = Object.entries((rendered?.record.options ?? {}) as Record<string, Json>).map(
    ([name, value]) => [`RUNBOOK_OPTION_${named(name)}`, value] as const,
  );
  const texts = [...options, ...inputs, ...outputsOf(session)].flatMap(([name, value]) => {
    const text = textOf(value);
    return hasVariable(text) || text.includes('\0') ? [] : [[name, session.redactor.text(text)]];
  });
  const secretInputs = [...scope.runbook.inputs.keys()].flatMap((name) => {
    const value = secrets[variableName(scope.prefix, name)];
    return value === undefined ? [] : [[inputName(name), value]];
  });
  return Object.fromEntries([
    ['RUNBOOK_RUN', session.run],
    ['RUNBOOK_STATE_DIR', session.host.stateDir],
    ...texts,
    ...secretInputs,
  ]);
};

/** What finished steps have handed on, the last one first. A secret is not stored, so it is not among them. */
const outputsOf = (session: Session): (readonly [string, Json])[] =>
  [...session.graph.nodes.values()].reverse().flatMap(({key, step}) => {
    const state = stateOf(session, key);
    if (state?.status !== 'checkpointed') return [];
    return Object.entries(state.outputs)
      .filter(([name]) => step.outputs.get(name)?.secret !== true)
      .map(([name, value]) => [`RUNBOOK_OUTPUT_${named(key)}_${named(name)}`, value] as const);
  });

const inputName = (name: string): string => `RUNBOOK_INPUT_${named(name)}`;

const named = (text: string): string => text.replace(/[^A-Za-z0-9]+/g, '_').replace(/_+$/, '');

const textOf = (value: Json): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

const within = (values: Readonly<Record<string, string>>): Record<string, string> => {
  let left = MOST_CHARACTERS;
  const fits = Object.entries(values).filter(([, text]) => {
    if (text.length > LONGEST_VALUE || text.length > left) return false;
    left -= text.length;
    return true;
  });
  return Object.fromEntries(fits);
};

const insideOf = (session: Session, rendered: Rendered | undefined): StepPlace['inside'] => {
  if (rendered?.type.enter === undefined) return undefined;
  const {type, record, site} = rendered;
  const line = enterLineOf(type, record.options, site);
  return line === undefined ? undefined : {what: rendered.type.enter.what, line: session.redactor.text(line)};
};
