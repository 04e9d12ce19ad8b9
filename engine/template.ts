import type {Expression, Reference} from './expression.ts';
import type {Json} from './step-type.ts';

/** A YAML value in which any string may hold `${{ }}`. A string that is one expression keeps the value's type. */
export type Template =
  | {readonly kind: 'literal'; readonly value: Json}
  | {readonly kind: 'expression'; readonly expression: Expression}
  | {readonly kind: 'text'; readonly parts: readonly (string | Expression)[]}
  | {readonly kind: 'script'; readonly parts: readonly (string | ScriptValue)[]}
  | {readonly kind: 'list'; readonly items: readonly Template[]}
  | {readonly kind: 'map'; readonly entries: ReadonlyMap<string, Template>};

/** A `${{ }}` in a shell script: it arrives by the environment variable `name` and is never parsed by the shell. */
export interface ScriptValue {
  readonly expression: Expression;
  /** The environment variable that carries it, such as `SERVER1_IP`; one name for one expression within the script. */
  readonly name: string;
  /** Where it stands: `bare` needs its own double quotes, `double` is inside such, `here` in an unquoted here-document. */
  readonly quoting: 'bare' | 'double' | 'here';
}

/** What evaluates an expression: the engine with the run's values, or a stand-in that answers with markers. */
export type Evaluate = (expression: Expression) => unknown;

/** A value inside a longer text: strings as they are, numbers and booleans as text, lists and maps as JSON. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null));

/**
 * Fills in every expression. Scripts become the text with `"$NAME"` for each value; whoever runs them wants
 * `renderOptions` of `shell-template.ts`, which hands over the variables too.
 */
export const renderTemplate = (template: Template, evaluate: Evaluate): Json => {
  switch (template.kind) {
    case 'literal':
      return template.value;
    case 'expression':
      return evaluate(template.expression) as Json;
    case 'text':
      return template.parts.map((part) => (typeof part === 'string' ? part : textOf(evaluate(part)))).join('');
    case 'script':
      return template.parts
        .map((part) => (typeof part === 'string' ? part : textOf(evaluate(part.expression))))
        .join('');
    case 'list':
      return template.items.map((item) => renderTemplate(item, evaluate));
    case 'map':
      // fromEntries defines own properties, so that a key "__proto__" is just a key
      return Object.fromEntries([...template.entries].map(([key, value]) => [key, renderTemplate(value, evaluate)]));
  }
};

/** Every expression of a template, in the order of the file. */
export const expressionsOf = (template: Template): readonly Expression[] => {
  switch (template.kind) {
    case 'literal':
      return [];
    case 'expression':
      return [template.expression];
    case 'text':
      return template.parts.filter((part) => typeof part !== 'string');
    case 'script':
      return template.parts.flatMap((part) => (typeof part === 'string' ? [] : [part.expression]));
    case 'list':
      return template.items.flatMap(expressionsOf);
    case 'map':
      return [...template.entries.values()].flatMap(expressionsOf);
  }
};

/** Everything that a template reads. */
export const referencesOf = (template: Template): readonly Reference[] =>
  expressionsOf(template).flatMap((expression) => expression.references);
