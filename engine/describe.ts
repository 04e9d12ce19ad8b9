import {basename, dirname, isAbsolute, relative} from 'node:path';
import type {Node} from './graph.ts';
import type {Host} from './host.ts';
import {showCommand, titleOf} from './render.ts';
import type {Runbook, Step} from './runbook.ts';
import {openSession, type Session} from './session.ts';
import type {Json, Registry} from './step-type.ts';
import {Store} from './store.ts';

/** How one step is checked. */
export interface DescribedCheck {
  /** `own`: the step type looks at the whole effect; `expect`: of what it found; `verify`: a further look. */
  readonly kind: 'own' | 'expect' | 'verify';
  /** The command of a further look, where somebody would type it. */
  readonly command?: string;
  /** The expression that must hold. */
  readonly expect?: string;
  readonly withinMs: number;
}

/** One step for a reader; the items of a `foreach` are together. */
export interface DescribedStep {
  readonly id: string;
  readonly title: string;
  readonly about?: string;
  readonly uses: string;
  /** The lines a person would type; what is known only at run time stands as a variable. */
  readonly commands: readonly string[];
  readonly checks: readonly DescribedCheck[];
}

export interface DescribedInput {
  readonly name: string;
  readonly type: string;
  readonly default?: Json;
  readonly about?: string;
}

/** A runbook for a reader: prose, commands and checks. */
export interface Description {
  readonly name: string;
  readonly title: string;
  readonly about?: string;
  readonly file: string;
  readonly requires: readonly string[];
  readonly inputs: readonly DescribedInput[];
  readonly steps: readonly DescribedStep[];
  /** Where paths in the commands begin, if not in the working directory. */
  readonly pathsFrom?: string;
}

/** Describes a runbook as it would run with its inputs' defaults. Runs and writes nothing. */
export const describeRunbook = async (runbook: Runbook, registry: Registry, host: Host): Promise<Description> => {
  const session = await unfold(runbook, registry, host);
  return {
    name: runbook.name,
    title: runbook.title,
    ...(runbook.about === undefined ? {} : {about: runbook.about}),
    file: runbook.file,
    requires: runbook.requires,
    inputs: [...runbook.inputs.values()].map(({name, type, default: value, about, secret}) => ({
      name,
      type,
      ...(value === undefined || secret ? {} : {default: value}),
      ...(about === undefined ? {} : {about}),
    })),
    steps: byStep(session).map((nodes) => describeStep(nodes, session)),
    ...pathsFrom(runbook, host.cwd),
  };
};

/**
 * Where the paths begin that a reader sees: the working directory; for a runbook that lies elsewhere the folder that holds
 * `runbooks/`, or else its own. Nobody else has the paths of this machine.
 */
export const readersFolder = ({dir}: Pick<Runbook, 'dir'>, cwd: string): string => {
  const fromHere = relative(cwd, dir);
  if (!fromHere.startsWith('..') && !isAbsolute(fromHere)) return cwd;
  return basename(dir) === 'runbooks' ? dirname(dir) : dir;
};

export const pathsFrom = (runbook: Pick<Runbook, 'dir'>, cwd: string): {pathsFrom?: string} => {
  const folder = readersFolder(runbook, cwd);
  return folder === cwd ? {} : {pathsFrom: folder};
};

/** Opens a runbook for reading, with its inputs' defaults. */
export const unfold = async (runbook: Runbook, registry: Registry, host: Host): Promise<Session> => {
  const open = (one: Runbook): Promise<Session> =>
    openSession({
      host,
      registry,
      runbook: one,
      store: new Store(host.stateDir),
      inputs: {},
      envFiles: [],
      cwd: readersFolder(one, host.cwd),
      run: '',
    });
  try {
    return await open(runbook);
  } catch {
    // A foreach over an input without a default: its step is shown once, with the item as a variable.
    return open({...runbook, steps: runbook.steps.map(once)});
  }
};

const once = ({foreach: _, ...step}: Step): Step => step;

/** The nodes of each step of the file, in its order. */
const byStep = ({graph}: Session): [Node, ...Node[]][] => {
  const groups = new Map<string, [Node, ...Node[]]>();
  for (const node of graph.nodes.values()) {
    const id = node.scope.prefix + node.step.id;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [node]);
    else group.push(node);
  }
  return [...groups.values()];
};

const describeStep = (nodes: readonly [Node, ...Node[]], session: Session): DescribedStep => {
  const [node] = nodes;
  const {step, scope} = node;
  return {
    id: scope.prefix + step.id,
    title: nodes.length > 1 ? (step.title ?? step.id.replaceAll('_', ' ')) : titleOf(node),
    ...(step.about === undefined ? {} : {about: step.about}),
    uses: step.uses,
    commands: nodes.map((one) => showCommand(one, step, session.scopes, session.cwd)),
    checks: checksOf(node, session),
  };
};

/** How a step is checked. */
export const checksOf = (node: Node, {scopes, cwd}: Session): DescribedCheck[] => {
  const {step} = node;
  return [
    ...(step.type.verify === undefined ? [] : [{kind: 'own', withinMs: step.withinMs} as const]),
    ...(step.expect === undefined
      ? []
      : [{kind: 'expect', expect: step.expect.source, withinMs: step.withinMs} as const]),
    ...step.verify.map((action) => ({
      kind: 'verify' as const,
      command: showCommand(node, action, scopes, cwd),
      ...(action.expect === undefined ? {} : {expect: action.expect.source}),
      withinMs: action.withinMs ?? step.withinMs,
    })),
  ];
};
