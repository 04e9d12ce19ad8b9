import {definitionOf} from './definition.ts';
import type {ChildDraft, Named, StepDraft} from './draft.ts';
import {parseDuration} from './duration.ts';
import type {Place} from './errors.ts';
import {type Expression, parseExpression} from './expression.ts';
import {shown} from './issues.ts';
import {type ActionDraft, type Reading, readAction} from './read-action.ts';
import {readExpression, readTemplate} from './read-template.ts';
import type {Action, DeclaredOutput, Retry, Step} from './runbook.ts';
import type {Effect, StepType} from './step-type.ts';
import type {Template} from './template.ts';
import {toJson, type YamlMap, type YamlNode} from './yaml.ts';

const TIMEOUT_MS = 10 * 60_000;
const CONVERGING_WITHIN_MS = 30_000;

/** Reads one entry of `steps:` that has the right shape. Undefined when its step type can't be told. */
export const readStep = (node: YamlMap, index: number, reading: Reading): StepDraft | undefined => {
  const id = textAt(node, 'id') ?? '';
  const fields = new Fields(node, `step "${id}": `, reading);
  const action = readAction(node, fields.prefix, reading);
  if (action === undefined) return undefined;
  const child = action.type.name === 'runbook' ? readChild(action.options, node) : undefined;
  const outputs = node.entries.get('outputs')?.value;
  return {
    step: stepOf(id, node, action, fields),
    index,
    outputNames: outputs?.kind === 'map' ? [...outputs.entries.keys()] : [],
    ...(child === undefined ? {} : {child}),
    needs: fields.names('needs'),
    ...optional('until', fields.names('until')[0]),
    ...optional('foreachPlace', fields.place('foreach')),
    places: new Map([...node.entries].map(([name, {key}]) => [name, key])),
  };
};

const stepOf = (id: string, node: YamlMap, {type, options}: ActionDraft, fields: Fields): Step => {
  const effect = (textAt(node, 'effect') as Effect | undefined) ?? type.effect;
  const {source} = fields.reading.mistakes;
  const undo = fields.action('undo');
  const foreach = fields.template('foreach');
  return {
    id,
    ...optional('title', textAt(node, 'title')),
    ...optional('about', textAt(node, 'about')),
    uses: type.name,
    type,
    options,
    ...optional('on', fields.template('on')),
    ...optional('needs', node.entries.has('needs') ? fields.names('needs').map(({name}) => name) : undefined),
    ...optional('when', fields.expression('when')),
    ...optional('foreach', foreach),
    timeoutMs: fields.duration('timeout') ?? TIMEOUT_MS,
    withinMs: fields.duration('within') ?? (effect === 'converges' ? CONVERGING_WITHIN_MS : 0),
    retry: fields.retry(),
    ...optional('expect', fields.expression('expect')),
    verify: fields.verify(),
    outputs: withSecrets(type, fields.outputs(), node.place),
    ...optional('undo', undo),
    effect,
    ...optional('until', textAt(node, 'until')),
    always: flagAt(node, 'always'),
    checkFirst: flagAt(node, 'check_first'),
    definition: definitionOf(toJson(node), foreach?.kind === 'literal' ? ['foreach'] : []),
    place: node.place,
    endLine: source.placeAt(node.end).line + 1,
  };
};

const readChild = (options: Template, node: YamlMap): ChildDraft | undefined => {
  const block = node.entries.get('with')?.value;
  const name = block?.kind === 'map' ? block.entries.get('runbook')?.value : undefined;
  const given = block?.kind === 'map' ? block.entries.get('inputs')?.value : undefined;
  const templates = options.kind === 'map' ? options.entries.get('inputs') : undefined;
  if (name?.kind !== 'scalar' || typeof name.value !== 'string') return undefined;
  const inputs = [...(given?.kind === 'map' ? given.entries : [])].map(([input, {key, value}]) => {
    const template = templates?.kind === 'map' ? templates.entries.get(input) : undefined;
    return [input, {template: template ?? {kind: 'literal', value: toJson(value)}, key, place: value.place}] as const;
  });
  return {runbook: {name: name.value, place: name.place}, inputs: new Map(inputs)};
};

/** Reads the fields of a step, a check or an undo, noting what is wrong with them. */
class Fields {
  readonly node: YamlMap;
  readonly prefix: string;
  readonly reading: Reading;

  constructor(node: YamlMap, prefix: string, reading: Reading) {
    this.node = node;
    this.prefix = prefix;
    this.reading = reading;
  }

  #value(name: string): YamlNode | undefined {
    return this.node.entries.get(name)?.value;
  }

  place(name: string): Place | undefined {
    return this.#value(name)?.place;
  }

  template(name: string): Template | undefined {
    const value = this.#value(name);
    return value === undefined ? undefined : readTemplate(value, this.reading.mistakes);
  }

  expression(name: string): Expression | undefined {
    const value = this.#value(name);
    return value === undefined ? undefined : readExpression(value, this.reading.mistakes);
  }

  names(name: string): readonly Named[] {
    const value = this.#value(name);
    const items = value?.kind === 'list' ? value.items : value === undefined ? [] : [value];
    return items.flatMap((item) => (item.kind === 'scalar' ? [{name: String(item.value), place: item.place}] : []));
  }

  duration(name: string): number | undefined {
    const value = this.#value(name);
    if (value?.kind !== 'scalar') return undefined;
    const read = parseDuration(value.value);
    if (typeof read === 'number') return read;
    this.reading.mistakes.add('bad-duration', `${this.prefix}"${name}" is no duration`, value.place, {
      expected: read.expected,
      found: shown(value.value),
      ...(read.next === undefined ? {} : {next: [read.next]}),
    });
    return undefined;
  }

  retry(): Retry {
    const value = this.#value('retry');
    if (value?.kind !== 'map') return {attempts: 1, delayMs: 0, backoff: 1};
    const delayMs = new Fields(value, this.prefix, this.reading).duration('delay') ?? 1000;
    return {attempts: numberAt(value, 'attempts') ?? 1, delayMs, backoff: numberAt(value, 'backoff') ?? 1};
  }

  action(name: string): Action | undefined {
    const value = this.#value(name);
    return value?.kind === 'map' ? this.#action(value, `${this.prefix}"${name}": `) : undefined;
  }

  verify(): readonly Action[] {
    const value = this.#value('verify');
    const items = value?.kind === 'list' ? value.items : [];
    return items.flatMap((item) => {
      const action = item.kind === 'map' ? this.#action(item, `${this.prefix}a check under "verify": `) : undefined;
      if (action === undefined || item.kind !== 'map') return [];
      this.#noteEffect(item, action);
      return [action];
    });
  }

  #action(node: YamlMap, prefix: string): Action | undefined {
    const fields = new Fields(node, prefix, this.reading);
    const action = readAction(node, prefix, this.reading);
    if (action === undefined) return undefined;
    return {
      ...action,
      ...optional('on', fields.template('on')),
      ...optional('expect', fields.expression('expect')),
      ...optional('withinMs', fields.duration('within')),
      place: node.place,
    };
  }

  // Checks must never change what they look at.
  #noteEffect(node: YamlMap, {type}: Action): void {
    const says = textAt(node, 'effect');
    if (type.effect === 'reads' || (says === 'reads' && type.effectIsSettable === true)) return;
    const place = (node.entries.get('uses') ?? node.entries.get('run'))?.key ?? node.place;
    const message = `${this.prefix}only what changes nothing can stand under "verify"; ${type.name} may change something`;
    const next = type.effectIsSettable === true ? ['if it changes nothing, say so: effect: reads'] : [];
    this.reading.mistakes.add('bad-combination', message, place, {next});
  }

  outputs(): ReadonlyMap<string, DeclaredOutput> {
    const value = this.#value('outputs');
    const entries = value?.kind === 'map' ? [...value.entries] : [];
    return new Map(
      entries.flatMap(([name, {value}]) => {
        const node = value.kind === 'map' ? value.entries.get('value')?.value : value;
        const read = node === undefined ? undefined : readExpression(node, this.reading.mistakes);
        return read === undefined
          ? []
          : [[name, {value: read, secret: value.kind === 'map' && flagAt(value, 'secret')}] as const];
      }),
    );
  }
}

/** What a step type calls secret is so in every runbook, also under the name that the runbook gives it anew. */
const withSecrets = (
  {secretOutputs = []}: StepType,
  declared: ReadonlyMap<string, DeclaredOutput>,
  place: Place,
): ReadonlyMap<string, DeclaredOutput> => {
  const secrets = secretOutputs.map((name) => {
    const value = declared.get(name)?.value ?? parseExpression(`result.${name}`, () => place);
    return [name, {value, secret: true}] as const;
  });
  return new Map([...declared, ...secrets]);
};

const scalarAt = (node: YamlMap, name: string): unknown => {
  const value = node.entries.get(name)?.value;
  return value?.kind === 'scalar' ? value.value : undefined;
};

const textAt = (node: YamlMap, name: string): string | undefined => {
  const value = scalarAt(node, name);
  return typeof value === 'string' ? value : undefined;
};

const numberAt = (node: YamlMap, name: string): number | undefined => {
  const value = scalarAt(node, name);
  return typeof value === 'number' ? value : undefined;
};

const flagAt = (node: YamlMap, name: string): boolean => scalarAt(node, name) === true;

const optional = <Name extends string, Value>(name: Name, value: Value | undefined): {[Key in Name]?: Value} =>
  value === undefined ? {} : ({[name]: value} as {[Key in Name]: Value});
