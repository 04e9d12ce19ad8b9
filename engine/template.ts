import type {Expression} from './expression.ts';
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
  /** The environment variable that carries it, such as `STEPS_SERVER1_IP`; unique within the script. */
  readonly name: string;
  /** Where it stands: `bare` needs its own double quotes, `double` is inside double quotes or an unquoted here-document. */
  readonly quoting: 'bare' | 'double';
}
