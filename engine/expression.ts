import type {ASTNode} from '@marcbachmann/cel-js';
import {advised} from './advice.ts';
import {cel} from './cel.ts';
import {type Program, programOf} from './cel-program.ts';
import {type Place, RunbookError} from './errors.ts';
import {explain} from './explain.ts';
import {badExpression, failure, refusePatterns} from './expression-errors.ts';
import {referencesIn} from './references.ts';

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
  /** What is known of the result's type before any value is: `bool`, `int`, `string`, `list`, ... or `dyn`. */
  readonly type: string;
  /**
   * The value as plain JSON (CEL integers become numbers).
   * @throws RunbookError `expression-failed`, with the place inside the expression
   */
  evaluate(values: Values): unknown;
  /**
   * The values of the parts that decide the result, outermost first: `size(result.json)` = 3. Never throws.
   * @param mask hides secrets; it sees each value whole, before long ones are cut
   */
  explain(values: Values, mask?: (text: string) => string): readonly Part[];
}

/** A part of an expression, and its value as text. */
export interface Part {
  readonly source: string;
  readonly value: string;
}

/** Finds the place of a character of an expression's source. */
export type PlaceAt = (offset: number) => Place;

/**
 * Parses and checks an expression.
 * @throws RunbookError `bad-expression` or `unknown-variable`, with the exact place
 */
export const parseExpression = (source: string, placeAt: PlaceAt): Expression => {
  let references: readonly Reference[] = [];
  const program = compile(source, placeAt, (ast) => {
    refusePatterns(ast, placeAt);
    references = referencesIn(ast, placeAt);
  });
  return {
    source,
    place: placeAt(0),
    references,
    type: program.checked.type ?? 'dyn',
    evaluate(values) {
      try {
        return program.evaluate(values);
      } catch (error) {
        throw failure(source, placeAt, values, error);
      }
    },
    explain: (values, mask) => explain(cel.parse(source).ast, source, values, mask),
  };
};

const compile = (source: string, placeAt: PlaceAt, read: (ast: ASTNode) => void): Program => {
  if (source.trim() === '')
    throw new RunbookError(advised({code: 'bad-expression', message: 'the expression is empty', place: placeAt(0)}));
  const program = parse(source, placeAt, read);
  if (!program.checked.valid) throw badExpression(source, placeAt, program.checked.error);
  return program;
};

const parse = (source: string, placeAt: PlaceAt, read: (ast: ASTNode) => void): Program => {
  try {
    return programOf(source, read);
  } catch (error) {
    throw error instanceof RunbookError ? error : badExpression(source, placeAt, error);
  }
};
