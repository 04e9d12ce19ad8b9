import type {Place} from './errors.ts';

/** What an expression reads: `steps.a.outputs.b` is root `steps`, path `['a', 'outputs', 'b']` (as far as it is literal). */
export interface Reference {
  readonly root: 'inputs' | 'env' | 'steps' | 'item' | 'result' | 'run';
  readonly path: readonly string[];
  readonly place: Place;
}

/** The values an expression may read; a root that is left out is unknown there. */
export interface Values {
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps?: Readonly<Record<string, {readonly outputs: Readonly<Record<string, unknown>>}>>;
  readonly item?: {readonly key: string; readonly value: unknown};
  readonly result?: unknown;
  readonly run?: {readonly id: string};
}

/** One CEL expression, parsed and checked. */
export interface Expression {
  readonly source: string;
  readonly place: Place;
  readonly references: readonly Reference[];
  /**
   * The value as plain JSON (CEL integers become numbers).
   * @throws RunbookError `expression-failed`, with the place inside the expression
   */
  evaluate(values: Values): unknown;
  /** The values of the parts that decide the result, outermost first: `size(result.json)` = 3. Never throws. */
  explain(values: Values): readonly {readonly source: string; readonly value: string}[];
}
