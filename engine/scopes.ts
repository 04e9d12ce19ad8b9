import type {RunbookEnv} from './env-files.ts';
import type {Values} from './expression.ts';
import type {Graph, Item, Node, Scope} from './graph.ts';
import type {Redactor} from './redact.ts';
import {SHORTEST_SECRET} from './secret-forms.ts';
import {variable} from './sh.ts';
import type {Json} from './step-type.ts';
import {renderTemplate, type Template} from './template.ts';

/** `real` for what acts; `shown` for what is stored or told: secrets stand there as variables. */
export type Mode = 'real' | 'shown';

type Outputs = Readonly<Record<string, Json>>;
type StepValues = Record<string, {outputs: Record<string, unknown>}>;

/** The inputs and env that a run was given. */
export interface Given {
  readonly inputs: Outputs;
  readonly env: (scope: Scope) => RunbookEnv;
  readonly run: string;
}

const upper = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_')
    .replace(/_+$/, '')
    .toUpperCase();

/** The name by which a secret or unknown value stands in a command line. */
export const variableName = (...parts: readonly string[]): string => parts.map(upper).filter(Boolean).join('_');

/** For showing: what can't be evaluated yet stands as a variable. */
const show = (template: Template, values: Values, name: string): Json =>
  renderTemplate(template, (one) => {
    try {
      return one.evaluate(values);
    } catch {
      return variable(variableName(name));
    }
  });

const attempt = <T>(act: () => T): T | undefined => {
  try {
    return act();
  } catch {
    // it reads what is not known yet
    return undefined;
  }
};

const plainText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value)).toLowerCase();

const partsOf = (text: string): string[] =>
  Array.from({length: Math.max(0, text.length - SHORTEST_SECRET + 1)}, (_, at) => text.slice(at, at + SHORTEST_SECRET));

/** Whether two texts have a part in common that would be long enough for a secret. */
const shares = (a: string, b: string): boolean => {
  const parts = new Set(partsOf(a));
  return partsOf(b).some((part) => parts.has(part));
};

/** What expressions may read, per scope: grows as steps finish. */
export class Scopes {
  readonly #given: Given;
  readonly #redactor: Redactor;
  readonly #steps = {real: new Map<string, StepValues>(), shown: new Map<string, StepValues>()};
  readonly #inputs = {real: new Map<Scope, Outputs>(), shown: new Map<Scope, Outputs>()};
  readonly #secrets = new Map<string, Json>();
  /** Values that are no secrets and hold one, by variable. */
  readonly #holding = new Map<string, Json>();

  constructor(given: Given, redactor: Redactor) {
    this.#given = given;
    this.#redactor = redactor;
  }

  /** Values for a node's expressions; `result` is what its step type found. */
  valuesOf(node: Pick<Node, 'scope' | 'item'>, mode: Mode, result?: unknown): Values {
    return this.#values(node.scope, node.item, mode, result);
  }

  #values(scope: Scope, item: Item | undefined, mode: Mode, result?: unknown): Values {
    return {
      inputs: this.inputsOf(scope, mode),
      env: this.#envOf(scope, mode),
      steps: this.#stepsOf(scope, mode),
      run: {id: this.#given.run},
      ...(item === undefined ? {} : {item}),
      ...(result === undefined ? {} : {result}),
    };
  }

  #stepsOf(scope: Scope, mode: Mode): StepValues {
    let steps = this.#steps[mode].get(scope.prefix);
    if (steps === undefined) this.#steps[mode].set(scope.prefix, (steps = {}));
    return steps;
  }

  /** The inputs of a scope; a child runbook's come from the step that uses it, and from the outputs that it reads. */
  inputsOf(scope: Scope, mode: Mode): Outputs {
    const known = this.#inputs[mode].get(scope);
    if (known !== undefined) return known;
    const inputs = this.#readInputs(scope, mode);
    this.#inputs[mode].set(scope, inputs);
    return inputs;
  }

  #readInputs(scope: Scope, mode: Mode): Outputs {
    const values = scope.parent === undefined ? this.#given.inputs : this.#bound(scope, mode);
    const entries = [...scope.runbook.inputs.values()].flatMap((input) => {
      const value = values[input.name] ?? input.default;
      if (value === undefined) return [];
      return [[input.name, input.secret ? this.#hide(mode, value, scope.prefix, input.name) : value] as const];
    });
    return Object.fromEntries(entries);
  }

  /** The inputs that are known before anything has run: those of a child runbook that read no output. */
  staticInputsOf(scope: Scope): Outputs {
    const {parent} = scope;
    if (parent === undefined) return this.inputsOf(scope, 'real');
    const values = {
      inputs: this.staticInputsOf(parent.scope),
      env: this.#given.env(parent.scope).variables,
      item: parent.item,
    };
    const bound = [...scope.runbook.inputs.values()].flatMap((input) => {
      const template = parent.inputs.get(input.name);
      if (template === undefined) return input.default === undefined ? [] : [[input.name, input.default] as const];
      try {
        return [[input.name, renderTemplate(template, (one) => one.evaluate(values as Values))] as const];
      } catch {
        return [];
      }
    });
    return Object.fromEntries(bound);
  }

  /** The variables of a scope's env files: those that may be told, and those that are secrets. */
  envOf(scope: Scope): {
    readonly open: Readonly<Record<string, string>>;
    readonly secret: Readonly<Record<string, string>>;
  } {
    const {variables, secrets} = this.#given.env(scope);
    const those = (isSecret: boolean) =>
      Object.fromEntries(Object.entries(variables).filter(([name]) => secrets.has(name) === isSecret));
    return {open: those(false), secret: those(true)};
  }

  learnEnv(scope: Scope): void {
    this.#envOf(scope, 'real');
  }

  #envOf(scope: Scope, mode: Mode): Readonly<Record<string, string>> {
    const {variables, secrets} = this.#given.env(scope);
    if (secrets.size === 0) return variables;
    const entries = Object.entries(variables).map(([name, value]) => {
      const isHidden = secrets.has(name) && value !== '';
      return [name, isHidden ? (this.#hide(mode, value, this.envVariable(scope, name)) as string) : value];
    });
    return Object.fromEntries(entries);
  }

  #bound(scope: Scope, mode: Mode): Outputs {
    const {parent} = scope;
    if (parent === undefined) return {};
    const values = this.#values(parent.scope, parent.item, mode);
    return Object.fromEntries(
      [...parent.inputs].map(([name, template]) => [
        name,
        mode === 'real' ? renderTemplate(template, (one) => one.evaluate(values)) : show(template, values, name),
      ]),
    );
  }

  #hide(mode: Mode, value: Json, ...name: readonly string[]): Json {
    const variableOf = variableName(...name);
    // in `shown` mode the value may be the marker of an outer secret already
    if (mode === 'shown') return variable(variableOf);
    this.#learn(variableOf, value);
    return value;
  }

  #learn(name: string, value: Json): void {
    this.#redactor.addAll(value);
    this.#secrets.set(name, value);
  }

  get hasSecrets(): boolean {
    return this.#secrets.size > 0;
  }

  /** The value of a secret by the name under which it stands in journaled options. */
  secret(name: string): Json | undefined {
    return this.#secrets.get(name) ?? this.#holding.get(name);
  }

  /** Whether a value would be masked where it is stored. */
  isMasked(value: Json): boolean {
    const masked = this.#redactor.json(value);
    return masked !== value && JSON.stringify(masked) !== JSON.stringify(value);
  }

  /** A value that holds a secret, and is none itself: not all of it is to be hidden. @returns how it stands where it is stored */
  withhold(name: string, value: Json): string {
    this.#holding.set(name, value);
    return variable(name);
  }

  /** The secret inputs of a scope that have a value now, by their names. */
  secretInputsOf(scope: Scope): readonly (readonly [name: string, value: Json])[] {
    const values = attempt(() => this.inputsOf(scope, 'real')) ?? {};
    return [...scope.runbook.inputs.values()].flatMap(({name, secret}) => {
      const value = secret ? values[name] : undefined;
      return value === undefined ? [] : [[`${scope.prefix}inputs.${name}`, value] as const];
    });
  }

  /** All that are known by now, by variable. */
  get secrets(): ReadonlyMap<string, Json> {
    return this.#secrets;
  }

  /** The variable by which a secret of an env file stands in journaled options. */
  envVariable(scope: Scope, name: string): string {
    return variableName(...nameInScope(scope, name));
  }

  /** Whether what an expression has made of secrets gives one of them away: the length of one does not, a part does. */
  tells(value: Json): boolean {
    const text = plainText(value);
    // In base64, escaped: it would be masked where it is stored.
    if (this.isMasked(value)) return true;
    if (typeof value === 'number') return text.length >= SHORTEST_SECRET;
    return [...this.#secrets.values()].some((secret) => shares(text, plainText(secret)));
  }

  /** Knows what an expression has made of a secret as a secret of its own. @returns how it stands where it is shown */
  derive(name: string, value: Json): string {
    this.#learn(name, value);
    return variable(name);
  }

  /** Makes a finished node's outputs readable. `secrets` are the names of those that must not be told. */
  finish(node: Node, outputs: Outputs, secrets: ReadonlySet<string>): void {
    for (const mode of ['real', 'shown'] as const) {
      const entries = Object.entries(outputs).map(([name, value]) => [
        name,
        secrets.has(name) ? this.#hide(mode, value, node.key, name) : value,
      ]);
      this.#store(node, mode, Object.fromEntries(entries));
    }
  }

  #store(node: Node, mode: Mode, outputs: Outputs): void {
    this.#forgetBound(mode);
    const steps = this.#stepsOf(node.scope, mode);
    if (node.item === undefined) steps[node.step.id] = {outputs};
    else (steps[node.step.id] ??= {outputs: {}}).outputs[node.item.key] = outputs;
  }

  /** The inputs of child runbooks may be made from an output that has another value now. */
  #forgetBound(mode: Mode): void {
    const known = this.#inputs[mode];
    for (const scope of known.keys()) if (scope.parent !== undefined) known.delete(scope);
  }

  /** Forgets a node's outputs: it is to be done again. */
  forget(node: Node): void {
    for (const mode of ['real', 'shown'] as const) {
      this.#forgetBound(mode);
      const steps = this.#stepsOf(node.scope, mode);
      if (node.item === undefined) delete steps[node.step.id];
      else delete steps[node.step.id]?.outputs[node.item.key];
    }
  }
}

/** By its own name, as a person would give it; beside an input of that name by another. */
const nameInScope = ({prefix, runbook}: Scope, name: string): readonly string[] => {
  const taken = [...runbook.inputs.keys()].some((input) => variableName(input) === variableName(name));
  return [prefix, ...(taken ? ['env'] : []), name];
};

/** Reads every scope's inputs and env once, so that their secrets are known to the redactor before anything is told. */
export const learnSecrets = (graph: Graph, scopes: Scopes): void => {
  for (const scope of graph.scopes) {
    scopes.learnEnv(scope);
    try {
      scopes.inputsOf(scope, 'real');
    } catch {
      // A child runbook's input that reads an output: it is learned when that step has finished.
    }
  }
};
