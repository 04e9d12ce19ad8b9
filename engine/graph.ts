import {RunbookError} from './errors.ts';
import type {Expression, Reference} from './expression.ts';
import type {Action, Runbook, Step} from './runbook.ts';
import type {Json} from './step-type.ts';
import {expressionsOf, renderTemplate, type Template} from './template.ts';

/** One pass of `foreach`: the key names it, in step keys and in `steps.x.outputs[key]`. */
export interface Item {
  readonly key: string;
  readonly value: Json;
}

/** Where names have their meaning: the runbook itself, or one use of a child runbook. */
export interface Scope {
  /** Stands before every step's id: empty, `child.` or `child[item].`. */
  readonly prefix: string;
  readonly runbook: Runbook;
  /** The step that uses this runbook; undefined for the one that was asked for. */
  readonly parent?: {
    readonly scope: Scope;
    readonly item: Item | undefined;
    readonly inputs: ReadonlyMap<string, Template>;
  };
}

/** A condition, and where its names have their meaning. */
export interface Guard {
  readonly when: Expression;
  readonly scope: Scope;
  readonly item: Item | undefined;
}

/** One thing to do: a step, or one item of a `foreach` step. */
export interface Node {
  /** `id`, `id[item]`, `child.id`: the key of everything that is remembered. */
  readonly key: string;
  /** Position in the order of the file; what a node needs has a smaller one. */
  readonly index: number;
  readonly step: Step;
  readonly scope: Scope;
  readonly item: Item | undefined;
  /** Keys of nodes that must be settled before: one list for all items of a step, which may be as many. */
  readonly needs: readonly string[];
  /** The `when` of the step and of the steps that use its runbook, outermost first. */
  readonly guards: readonly Guard[];
}

export interface Graph {
  /** In the order of the file, which is an order in which they may run. */
  readonly nodes: ReadonlyMap<string, Node>;
  readonly scopes: readonly Scope[];
  /** Keys of the nodes that an id stands for: one, the items of a foreach step, or the steps of a child runbook. */
  keysOf(scope: Scope, id: string): readonly string[];
}

/** What `foreach` and the inputs of child runbooks may read before the run: each scope's inputs and env. */
export type StaticValues = (scope: Scope) => {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
};

/** Every expression of a step that is evaluated when it runs. */
export const expressionsOfStep = (step: Step): readonly Expression[] => [
  ...(step.when === undefined ? [] : [step.when]),
  ...(step.foreach === undefined ? [] : expressionsOf(step.foreach)),
  ...(step.on === undefined ? [] : expressionsOf(step.on)),
  ...expressionsOf(step.options),
  ...(step.expect === undefined ? [] : [step.expect]),
  ...step.verify.flatMap(expressionsOfAction),
  ...(step.undo === undefined ? [] : expressionsOfAction(step.undo)),
  ...[...step.outputs.values()].map((output) => output.value),
  ...[...(step.child?.inputs.values() ?? [])].flatMap(expressionsOf),
];

const expressionsOfAction = (action: Action): readonly Expression[] => [
  ...(action.on === undefined ? [] : expressionsOf(action.on)),
  ...expressionsOf(action.options),
  ...(action.expect === undefined ? [] : [action.expect]),
];

/** The ids of the steps whose outputs a step reads. */
export const readsFrom = (references: readonly Reference[]): readonly string[] => [
  ...new Set(references.flatMap(({root, path}) => (root === 'steps' && path[0] !== undefined ? [path[0]] : []))),
];

/** Answers what is asked of a node's needs, once for all nodes that need the same. */
export const byNeeds = <Answer>(ask: (needs: readonly string[]) => Answer): ((node: Node) => Answer) => {
  const answers = new Map<readonly string[], Answer>();
  return ({needs}) => {
    const known = answers.get(needs);
    if (known !== undefined || answers.has(needs)) return known as Answer;
    const answer = ask(needs);
    answers.set(needs, answer);
    return answer;
  };
};

/** The key that the items of a step have in common. */
export const groupOf = ({scope, step}: Node): string => scope.prefix + step.id;

/** What each node needs, for who is told of all nodes: all the items of a step as one, else it would be told n x m. */
export const toldNeeds = ({nodes}: Graph): ((node: Node) => readonly string[]) => {
  const groups = keysByGroup(nodes.values());
  return byNeeds((needs) => {
    const needed = keysByGroup(needs.flatMap((need) => nodes.get(need) ?? []));
    return [...needed].flatMap(([group, keys]) =>
      keys.length > 1 && keys.length === groups.get(group)?.length ? [group] : keys,
    );
  });
};

const keysByGroup = (nodes: Iterable<Node>): ReadonlyMap<string, readonly string[]> => {
  const groups = new Map<string, string[]>();
  for (const node of nodes) {
    const keys = groups.get(groupOf(node));
    if (keys === undefined) groups.set(groupOf(node), [node.key]);
    else keys.push(node.key);
  }
  return groups;
};

/**
 * Unfolds a runbook into the nodes to run: items of `foreach`, steps of child runbooks, and what each needs.
 * @throws RunbookError where a `foreach` does not give distinct scalars or a map
 */
export const buildGraph = (runbook: Runbook, values: StaticValues): Graph => {
  const builder = new Builder(values);
  builder.add({prefix: '', runbook}, [], []);
  return builder;
};

/** The same list where there is nothing to add. */
const withThose = (needs: readonly string[], more: readonly string[]): readonly string[] =>
  more.length === 0 ? needs : [...new Set([...needs, ...more])];

class Builder implements Graph {
  readonly nodes = new Map<string, Node>();
  readonly scopes: Scope[] = [];
  readonly #keys = new Map<string, readonly string[]>();
  readonly #values: StaticValues;
  /** Keys of the nodes that make a Docker context, by its name. */
  readonly #providers = new Map<string, string[]>();

  constructor(values: StaticValues) {
    this.#values = values;
  }

  keysOf(scope: Scope, id: string): readonly string[] {
    return this.#keys.get(scope.prefix + id) ?? [];
  }

  /** @param entry what the scope's first steps need: nothing, or what the step needs that uses this runbook */
  add(scope: Scope, entry: readonly string[], guards: readonly Guard[]): readonly string[] {
    this.scopes.push(scope);
    let before = entry;
    const all: string[] = [];
    for (const step of scope.runbook.steps) {
      const needs = this.#needsOf(step, scope, before, entry);
      const keys = this.#itemsOf(step, scope).flatMap((item) => this.#addStep(step, scope, item, needs, guards));
      this.#keys.set(scope.prefix + step.id, keys);
      // a child runbook or a foreach without any step passes on what it needed
      before = keys.length > 0 ? keys : needs;
      // there may be more than a call can have arguments
      for (const key of keys) all.push(key);
    }
    return all;
  }

  #needsOf(step: Step, scope: Scope, before: readonly string[], entry: readonly string[]): readonly string[] {
    const written = step.needs?.flatMap((id) => this.keysOf(scope, id));
    const ordered = written === undefined ? before : written.length > 0 ? [...new Set(written)] : entry;
    const read = readsFrom(expressionsOfStep(step).flatMap((expression) => expression.references));
    return withThose(
      ordered,
      read.flatMap((id) => this.keysOf(scope, id)),
    );
  }

  #addStep(
    step: Step,
    scope: Scope,
    item: Item | undefined,
    needs: readonly string[],
    outer: readonly Guard[],
  ): readonly string[] {
    const key = scope.prefix + step.id + (item === undefined ? '' : `[${item.key}]`);
    const guards = step.when === undefined ? outer : [...outer, {when: step.when, scope, item}];
    if (step.child !== undefined) {
      const parent = {scope, item, inputs: step.child.inputs};
      return this.add({prefix: `${key}.`, runbook: step.child.runbook, parent}, needs, guards);
    }
    const made = this.#contextsOf(step, scope, item).flatMap((name) => this.#providers.get(name) ?? []);
    this.nodes.set(key, {key, index: this.nodes.size, step, scope, item, needs: withThose(needs, made), guards});
    this.#noteProvider(step, scope, item, key);
    return [key];
  }

  /** The Docker contexts that a step acts on, as far as they are known before the run. */
  #contextsOf(step: Step, scope: Scope, item: Item | undefined): readonly string[] {
    const places = [step.on, ...step.verify.map(({on}) => on), step.undo?.on];
    return places.flatMap((place) => this.#textOf(place, scope, item) ?? []);
  }

  #noteProvider({type, options}: Step, scope: Scope, item: Item | undefined, key: string): void {
    if (type.provides === undefined || options.kind !== 'map') return;
    const name = this.#textOf(options.entries.get(type.provides), scope, item);
    if (name !== undefined) this.#providers.set(name, [...(this.#providers.get(name) ?? []), key]);
  }

  /** The text that a template gives; undefined when it takes a run to tell. */
  #textOf(template: Template | undefined, scope: Scope, item: Item | undefined): string | undefined {
    if (template === undefined) return undefined;
    const isKnown = ({root}: Reference): boolean => ['inputs', 'env', 'item'].includes(root);
    if (!expressionsOf(template).every(({references}) => references.every(isKnown))) return undefined;
    const values = {...this.#values(scope), ...(item && {item})};
    try {
      const text = renderTemplate(template, (expression) => expression.evaluate(values));
      return typeof text === 'string' ? text : undefined;
    } catch {
      return undefined; // whoever renders it for the run says what is wrong
    }
  }

  #itemsOf(step: Step, scope: Scope): readonly (Item | undefined)[] {
    if (step.foreach === undefined) return [undefined];
    const values = this.#values(scope);
    const list = renderTemplate(step.foreach, (expression) => expression.evaluate(values));
    return itemsOf(list, step);
  }
}

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

const itemsOf = (list: Json, step: Step): readonly Item[] => {
  const items = distinctItems(list, step);
  const odd = items.find(({key}) => /\p{Cc}/u.test(key));
  if (odd === undefined) return items;
  throw new RunbookError({
    code: 'bad-value',
    message: `step "${step.id}": an item of foreach holds a control character, and items name steps`,
    place: step.place,
    found: JSON.stringify(odd.key).slice(0, 200),
    next: [`take it out, or give each value a name: foreach: {first: "...", second: "..."}`],
  });
};

const distinctItems = (list: Json, step: Step): readonly Item[] => {
  if (Array.isArray(list)) {
    const items = list.map((value) => ({key: String(value), value}));
    if (list.every(isScalar) && new Set(items.map(({key}) => key)).size === items.length) return items;
  } else if (list !== null && typeof list === 'object') {
    return Object.entries(list).map(([key, value]) => ({key, value: value as Json}));
  }
  throw new RunbookError({
    code: 'bad-value',
    message: `step "${step.id}": foreach needs a list of distinct scalars, or a map`,
    place: step.place,
    found: JSON.stringify(list)?.slice(0, 200) ?? 'nothing',
    next: ['give it each value once, and texts, numbers, true or false only'],
  });
};
