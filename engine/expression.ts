import type {ASTNode} from '@marcbachmann/cel-js';
import {advised} from './advice.ts';
import {type Program, programOf, treeOf} from './cel-program.ts';
import {type Place, RunbookError} from './errors.ts';
import {explain} from './explain.ts';
import {badExpression, failure, refusePatterns} from './expression-errors.ts';
import {type RootRead, readsIn} from './references.ts';

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
export const parseExpression = (source: string, placeAt: PlaceAt): Expression =>
  new Parsed(source, known.get(source) ?? learn(source, placeAt), placeAt);

/** Its places are found when they are asked for: only what is wrong is placed. */
class Parsed implements Expression {
  readonly source: string;
  readonly references: readonly Reference[];
  readonly #program: Program;
  readonly #placeAt: PlaceAt;

  constructor(source: string, {program, reads}: Known, placeAt: PlaceAt) {
    this.source = source;
    this.references = reads.map((read) => new Placed(read, placeAt));
    this.#program = program;
    this.#placeAt = placeAt;
  }

  get place(): Place {
    return this.#placeAt(0);
  }

  get type(): string {
    return this.#program.checked.type ?? 'dyn';
  }

  evaluate(values: Values): unknown {
    try {
      return this.#program.evaluate(values);
    } catch (error) {
      throw failure(this.source, this.#placeAt, values, error);
    }
  }

  explain(values: Values, mask?: (text: string) => string): readonly Part[] {
    return explain(treeOf(this.source), this.source, values, mask);
  }
}

class Placed implements Reference {
  readonly root: Reference['root'];
  readonly path: readonly string[];
  readonly #start: number;
  readonly #placeAt: PlaceAt;

  constructor({root, path, start}: RootRead, placeAt: PlaceAt) {
    this.root = root;
    this.path = path;
    this.#start = start;
    this.#placeAt = placeAt;
  }

  get place(): Place {
    return this.#placeAt(this.#start);
  }
}

/** What the text alone decides. */
interface Known {
  readonly program: Program;
  readonly reads: readonly RootRead[];
}

/** A large runbook says the same over and over: of 10,000 equal conditions, each alone took 3 KB. */
const known = new Map<string, Known>();
const MOST_KNOWN = 1000;

const learn = (source: string, placeAt: PlaceAt): Known => {
  let reads: readonly RootRead[] = [];
  const program = compile(source, placeAt, (ast, nodes) => {
    refusePatterns(nodes, placeAt);
    reads = readsIn(ast);
  });
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(source, {program, reads});
  return {program, reads};
};

type ReadTree = (ast: ASTNode, nodes: readonly ASTNode[]) => void;

const compile = (source: string, placeAt: PlaceAt, read: ReadTree): Program => {
  if (source.trim() === '')
    throw new RunbookError(advised({code: 'bad-expression', message: 'the expression is empty', place: placeAt(0)}));
  const program = parse(source, placeAt, read);
  if (!program.checked.valid) throw badExpression(source, placeAt, program.checked.error);
  return program;
};

const parse = (source: string, placeAt: PlaceAt, read: ReadTree): Program => {
  try {
    return programOf(source, read);
  } catch (error) {
    throw error instanceof RunbookError ? error : badExpression(source, placeAt, error);
  }
};
