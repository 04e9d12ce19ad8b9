import type {Expression, Values} from '../expression.ts';
import {expressionsOfStep, type Node} from '../graph.ts';
import {commandOf, shownOptions, titleOf} from '../render.ts';
import type {Action, Step} from '../runbook.ts';
import {variableName} from '../scopes.ts';
import type {Session} from '../session.ts';
import {variable} from '../sh.ts';
import {displayOptions} from '../shell-template.ts';
import type {Json, Site, StepType} from '../step-type.ts';
import {type Evaluate, renderTemplate} from '../template.ts';
import {type Translated, translate, Untranslatable} from './jq.ts';
import {
  type Form,
  formOf,
  PRINT,
  type Reading,
  type Readings,
  readingOf,
  ShellValues,
  soleMarker,
} from './shell-values.ts';

/** A value that later steps read. */
export interface ShellOutput {
  readonly variable: string;
  /** A command that prints it. */
  readonly command: string;
  readonly isExact: boolean;
}

/** One step in the terms of a shell script. */
export interface ShellStep {
  readonly key: string;
  /** The beginning of its functions' names. */
  readonly name: string;
  readonly title: string;
  /** `look`: changes nothing; `converge`: its check says whether it is to be done; `act`: done once; `once`: never again. */
  readonly kind: 'look' | 'converge' | 'act' | 'once';
  /** Commands that all succeed where its conditions hold. */
  readonly guards: readonly string[];
  /** Lines that compute what its command needs. */
  readonly before: readonly string[];
  readonly command: string;
  /** Commands that all succeed exactly when its effect holds. Empty: there is no check. */
  readonly checks: readonly string[];
  /** Commands about what it printed, which stands in `$printed`; they all have to succeed. */
  readonly expects: readonly string[];
  /** What it prints is read later. */
  readonly isCaptured: boolean;
  readonly outputs: readonly ShellOutput[];
  /** It holds a secret, so it is kept in no file. */
  readonly isSecret: boolean;
  /** Functions that its lines call. */
  readonly functions: string | undefined;
  /** What the script can't say, and why. */
  readonly gaps: readonly string[];
}

/** Values of a step that are what its command printed. */
const PRINTED: Readonly<Record<string, Form>> = {stdout: 'text', body: 'text', text: 'text', json: 'json'};

/** Renders nodes in their order; what each gives later ones are variables of the shell. */
export class ShellSteps {
  readonly #session: Session;
  readonly #variables = new ShellValues();
  readonly #names = new Set<string>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** A value that the script gets from its environment. */
  give(name: string, form: Form): void {
    this.#variables.give(name, form);
  }

  render(node: Node): ShellStep {
    const {step, key} = node;
    const draft: Draft = {computed: new Map(), gaps: [], key};
    const guards = node.guards.flatMap(({when, scope, item}) => this.#guard(when, {scope, item}, draft));
    const evaluate = this.#evaluator(node, undefined, draft);
    const on = step.on === undefined ? undefined : renderTemplate(step.on, evaluate);
    const site = this.#site(node, on);
    const shown = displayOptions(step.type, step.options, evaluate);
    const options = shownOptions(step.type, shown);
    const command =
      tryRender(() => step.type.shell?.run?.(options as never, site)) ?? commandOf(step.type, shown, site);
    const results = this.#results(step, step.type, options, site, command);
    const values = this.#values(node, results);
    const own = this.#ownCheck(step, options, site, draft);
    const expects = this.#expect(step.expect, values, results, draft);
    const verify = step.verify.flatMap((action) => this.#action(node, action, values, draft));
    const outputs = this.#outputs(node, results, values, draft);
    return {
      key,
      name: this.#nameOf(key),
      title: titleOf(node),
      kind:
        step.effect === 'reads'
          ? 'look'
          : step.effect === 'converges'
            ? 'converge'
            : step.effect === 'once'
              ? 'once'
              : 'act',
      guards,
      before: [...draft.computed].map(([line, name]) => `${name}=$(${line})`),
      command,
      checks: [...own, ...(isLooked(step) ? expects : []), ...verify],
      expects: isLooked(step) ? [] : expects,
      isCaptured: [...expects, ...outputs.map(({command: line}) => line)].some((line) => line.includes('"$printed"')),
      outputs,
      isSecret: [...step.outputs.values()].some(({secret}) => secret),
      functions: step.type.shell?.functions,
      gaps: draft.gaps,
    };
  }

  #site(node: Node, on: Json | undefined): Site {
    return {on: typeof on === 'string' ? on : undefined, dir: node.scope.runbook.dir, cwd: this.#session.cwd};
  }

  #nameOf(key: string): string {
    const plain = key.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
    let name = plain;
    for (let n = 2; this.#names.has(name); n++) name = `${plain}_${n}`;
    this.#names.add(name);
    return name;
  }

  #values(node: Pick<Node, 'scope' | 'item'>, results?: Readings): Values {
    const result = results && Object.fromEntries([...results.keys()].map((name) => [name, variable(`result_${name}`)]));
    return this.#session.scopes.valuesOf(node, 'shown', result);
  }

  /** Fills in expressions; what takes a computation at run time becomes a variable that is set before. */
  #evaluator(node: Node, results: Readings | undefined, draft: Draft): Evaluate {
    const values = this.#values(node, results);
    return ({source}) => {
      const found = this.#translated(source, values, draft);
      if (found === undefined) return variable(UNKNOWN);
      if (found.kind === 'value') return found.value;
      return variable(this.#computed(this.#variables.jq(found, '-nrc', results), draft));
    };
  }

  /** A variable that is set before the step; the same computation is made once. */
  #computed(command: string, draft: Draft): string {
    let name = draft.computed.get(command);
    if (name === undefined) {
      name = variableName(draft.key, `value${draft.computed.size + 1}`);
      draft.computed.set(command, name);
    }
    return name;
  }

  #translated(source: string, values: Values, draft: Draft): Translated | undefined {
    try {
      return translate(source, values);
    } catch (error) {
      const why = error instanceof Untranslatable ? error.message : 'its values are not known before the run';
      draft.gaps.push(`${source.trim().replace(/\s+/g, ' ')} (${why})`);
      return undefined;
    }
  }

  #guard(when: Expression, where: Pick<Node, 'scope' | 'item'>, draft: Draft): string[] {
    const found = this.#translated(when.source, this.#values(where), draft);
    if (found === undefined) return [];
    if (found.kind === 'value') return found.value === true ? [] : ['false'];
    return [`${this.#variables.jq(found, '-en', undefined)} >/dev/null`];
  }

  #expect(expect: Expression | undefined, values: Values, results: Readings, draft: Draft): string[] {
    if (expect === undefined) return [];
    const found = this.#translated(expect.source, values, draft);
    return found === undefined ? [] : [`${this.#variables.jq(found, '-en', results)} >/dev/null`];
  }

  #ownCheck(step: Step, options: unknown, site: Site, draft: Draft): string[] {
    if (step.effect === 'reads' || step.type.verify === undefined) return [];
    const check = tryRender(() => step.type.shell?.check?.(options as never, site));
    if (check === undefined) draft.gaps.push(`whether all of its effect is there (${step.type.name})`);
    return check === undefined ? [] : [check];
  }

  /** A further check: its command, and what is expected of what that finds. */
  #action(node: Node, action: Action, outer: Values, draft: Draft): string[] {
    const evaluate: Evaluate = ({source}) => {
      const found = this.#translated(source, outer, draft);
      if (found?.kind === 'value') return found.value;
      return variable(
        found === undefined ? UNKNOWN : this.#computed(this.#variables.jq(found, '-nrc', undefined), draft),
      );
    };
    const on = action.on === undefined ? undefined : renderTemplate(action.on, evaluate);
    const site = this.#site(node, on);
    const shown = displayOptions(action.type, action.options, evaluate);
    const command = commandOf(action.type, shown, site);
    if (action.expect === undefined)
      return [`{ ${command.includes('\n') ? `\n${command}\n` : `${command}; `}} >/dev/null 2>&1`];
    const results = this.#results(action, action.type, shownOptions(action.type, shown), site, command);
    return this.#expect(action.expect, this.#values(node, results), results, draft);
  }

  /** How what a look finds is read; where a step acts, from what it printed. */
  #results(directed: Step | Action, type: StepType, options: unknown, site: Site, command: string): Readings {
    const readings = new Map<string, Reading>();
    const acts = 'effect' in directed && !isLooked(directed);
    for (const [name, render] of Object.entries(type.shell?.outputs ?? {})) {
      const line = tryRender(() => (render as (options: unknown, site: Site) => string)(options, site));
      if (line === undefined) continue;
      const printed = acts && line === command ? PRINTED[name] : undefined;
      const form = printed ?? formOf(type, name);
      const isExact = line === command && PRINTED[name] === 'text';
      readings.set(name, {command: printed === undefined ? line : undefined, form, isExact});
    }
    return readings;
  }

  /** What later steps read of this one, as variables of the shell. */
  #outputs(node: Node, results: Readings, values: Values, draft: Draft): ShellOutput[] {
    const wanted = namesReadOf(node);
    const outputs: ShellOutput[] = [];
    const markers: Record<string, Json> = {};
    const add = (name: string, form: Form, command: string, isExact = false): void => {
      const variableOf = variableName(node.key, name);
      this.#variables.give(variableOf, form);
      markers[name] = variable(variableOf);
      outputs.push({variable: variableOf, command, isExact});
    };
    for (const [name, {command, form, isExact}] of results)
      if (wanted.has(name) && !node.step.outputs.has(name)) add(name, form, command ?? PRINT, isExact);
    for (const [name, {value}] of node.step.outputs) {
      const found = wanted.has(name) ? this.#translated(value.source, values, draft) : undefined;
      if (found === undefined) continue;
      const same = readingOf(soleMarker(found) ?? '', results);
      if (same !== undefined) add(name, same.form, same.command ?? PRINT, same.isExact);
      else if (value.type === 'string') add(name, 'text', this.#variables.jq(found, '-nr', results));
      else if (value.type !== 'dyn') add(name, 'json', this.#variables.jq(found, '-nc', results));
      else {
        const open = variableName(node.key, name);
        this.#variables.giveOpen(open);
        outputs.push({
          variable: `${open}_JSON`,
          command: this.#variables.jq(found, '-nc', results),
          isExact: false,
        });
        add(name, 'text', `printf '%s' "$${open}_JSON" | jq -r .`);
      }
    }
    this.#session.scopes.finish(node, markers, new Set());
    return outputs;
  }
}

interface Draft {
  readonly key: string;
  /** Command -> the variable that takes what it prints. */
  readonly computed: Map<string, string>;
  readonly gaps: string[];
}

/** Stands for what the script can't say; it is not set, so that nothing is done with it. */
const UNKNOWN = 'NOT_IN_THIS_SCRIPT';

/** Whether its `expect` speaks of what a look finds; otherwise of what it printed when it ran. */
const isLooked = (step: Step): boolean => step.effect === 'reads' || step.type.verify !== undefined;

const tryRender = (render: () => string | undefined): string | undefined => {
  try {
    return render();
  } catch {
    return undefined;
  }
};

/** The outputs of a step that any expression names together with it. */
const namesReadOf = ({step, scope}: Node): ReadonlySet<string> => {
  const sources = scope.runbook.steps.flatMap((other) => expressionsOfStep(other).map(({source}) => source));
  const reading = sources.filter((source) => new RegExp(`\\bsteps\\.${step.id}\\b`).test(source));
  return new Set(
    reading.flatMap((source) =>
      [...source.matchAll(/\.([A-Za-z_]\w*)|\["([^"]+)"\]/g)].map(([, a, b]) => a ?? b ?? ''),
    ),
  );
};
