import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Parser,
  YAMLParseError,
} from 'yaml';
import type {Place} from './errors.ts';
import type {Mistakes} from './mistakes.ts';
import {suggest} from './nearest.ts';
import {scalarPlaces} from './scalar-places.ts';
import type {Json} from './step-type.ts';
import {refuseBombs} from './yaml-bombs.ts';
import {noteSyntax} from './yaml-errors.ts';

interface Common {
  readonly place: Place;
  /** Where it ends in the text, trailing white space excluded. */
  readonly end: number;
  /** How many values it stands for once its aliases are followed. */
  readonly weight: number;
  readonly depth: number;
}

export interface YamlScalar extends Common {
  readonly kind: 'scalar';
  readonly value: null | boolean | number | string;
  /** The place of a character of a text. */
  placeIn(offset: number): Place;
}
export interface YamlList extends Common {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}
export interface YamlMap extends Common {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, {readonly key: Place; readonly value: YamlNode}>;
}

/** A YAML value that knows its place. Aliases lead to the very node that they name. */
export type YamlNode = YamlScalar | YamlList | YamlMap;

const DEEPEST = 64;
const HEAVIEST = 200_000;

/** Parses a file. Everything that is wrong is noted; the answer is then undefined, or lacks what could not be read. */
export const parseYaml = (mistakes: Mistakes): YamlNode | undefined => {
  if (refuseBombs(mistakes)) return undefined;
  const {text, placeAt} = mistakes.source;
  // duplicate keys are found below, where the first one is known too
  const document = parseText(text);
  if (document === undefined) mistakes.add('yaml-syntax', 'values are nested too deeply', placeAt(0));
  if (document === undefined) return undefined;
  noteSyntax(mistakes, [...document.errors, ...document.warnings]);
  if (document.errors.length > 0 || document.contents === null) return undefined;
  const root = new Reader(mistakes).read(document.contents, 0);
  const first = root.weight > HEAVIEST || root.depth > DEEPEST;
  if (root.depth > DEEPEST) mistakes.add('bad-value', `values are nested deeper than ${DEEPEST} levels`, placeAt(0));
  return first ? undefined : root;
};

const parseText = (text: string): Document.Parsed | undefined => {
  const {stackTraceLimit} = Error;
  Error.stackTraceLimit = 0; // there may be an error for each character, and nobody reads where it was made
  try {
    return compose(text);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // the parser ran out of stack
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};

/** The library's parseDocument, but that it gives up on what is no YAML at all. */
const compose = (text: string): Document.Parsed | undefined => {
  const composer = new Composer({prettyErrors: false, uniqueKeys: false});
  const [document, second] = composer.compose(sensible(new Parser().parse(text)), true, text.length);
  if (document !== undefined && second !== undefined) {
    const [start, end] = second.range;
    document.errors.push(new YAMLParseError([start, end], 'MULTIPLE_DOCS', 'there is a second document'));
  }
  return document as Document.Parsed | undefined;
};

const MOST_ERRORS = 1000;

const sensible = function* (tokens: Iterable<CST.Token>): Generator<CST.Token> {
  let errors = 0;
  for (const token of tokens) {
    if (token.type === 'error' && ++errors > MOST_ERRORS) return;
    yield token;
  }
};

/** The plain value of a node. */
export const toJson = (node: YamlNode): Json => {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toJson);
  return Object.fromEntries([...node.entries].map(([key, {value}]) => [key, toJson(value)]));
};

/** The node that a path leads to, as far as it goes, and the place of the last key. */
export const lookUp = (root: YamlNode, path: readonly (string | number)[]): {node: YamlNode; key: Place} => {
  let node = root;
  let key = root.place;
  for (const part of path) {
    const entry = node.kind === 'map' ? node.entries.get(String(part)) : undefined;
    const next = node.kind === 'list' ? node.items[Number(part)] : entry?.value;
    if (next === undefined) break;
    key = entry?.key ?? next.place;
    node = next;
  }
  return {node, key};
};

/** Builds our nodes from the library's, in the order of the file, so that every anchor is known before its aliases. */
class Reader {
  readonly #mistakes: Mistakes;
  readonly #anchors = new Map<string, YamlNode | 'open'>();
  #refused = false;

  constructor(mistakes: Mistakes) {
    this.#mistakes = mistakes;
  }

  read(node: Node | null, fallback: number): YamlNode {
    if (isAlias(node)) return this.#alias(node);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const read = this.#value(node, fallback);
    if (anchor !== undefined) this.#anchors.set(anchor, read);
    return read;
  }

  #value(node: Node | null, fallback: number): YamlNode {
    const start = node?.range?.[0] ?? fallback;
    const place = this.#mistakes.source.placeAt(start);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item as Node | null, start));
      return {kind: 'list', items, ...this.#common(place, items, node)};
    }
    if (isMap(node)) return this.#map(node.items as Pair<Node, Node | null>[], node, place);
    return this.#scalar(isScalar(node) ? node.value : null, node, start);
  }

  #scalar(raw: unknown, node: Node | null, start: number): YamlScalar {
    const {source} = this.#mistakes;
    const place = source.placeAt(start);
    const end = node?.range?.[1] ?? start;
    const finite = typeof raw !== 'number' || Number.isFinite(raw);
    if (!finite) this.#mistakes.add('bad-value', 'a number must be finite', place);
    const value = finite && isPrimitive(raw) ? raw : null;
    const placeIn = typeof value === 'string' ? scalarPlaces(source, start, end, value) : () => place;
    return {kind: 'scalar', value, place, placeIn, ...this.#size([], node, start)};
  }

  #map(pairs: readonly Pair<Node, Node | null>[], node: Node, place: Place): YamlMap {
    const entries = new Map<string, {key: Place; value: YamlNode}>();
    const merged: YamlNode[] = [];
    for (const pair of pairs) {
      const start = pair.key?.range?.[0] ?? node.range?.[0] ?? 0;
      const key = this.#mistakes.source.placeAt(start);
      const name = this.#key(pair.key, key);
      const value = this.read(pair.value, pair.key?.range?.[1] ?? start);
      if (name === '<<') merged.push(...this.#mergeable(value));
      else if (name !== undefined) this.#enter(entries, name, key, value);
    }
    // as YAML's merge keys have it: what stands in the map itself wins, then the earlier source
    for (const source of merged)
      if (source.kind === 'map')
        for (const [name, entry] of source.entries) if (!entries.has(name)) entries.set(name, entry);
    return {
      kind: 'map',
      entries,
      ...this.#common(
        place,
        [...entries.values()].map(({value}) => value),
        node,
      ),
    };
  }

  #enter(entries: Map<string, {key: Place; value: YamlNode}>, name: string, key: Place, value: YamlNode): void {
    const first = entries.get(name);
    if (first === undefined) entries.set(name, {key, value});
    else
      this.#mistakes.add('duplicate-key', `"${name}" stands here twice; the first is in line ${first.key.line}`, key);
  }

  #key(key: Node | null, place: Place): string | undefined {
    const node = isAlias(key) ? this.#alias(key) : isScalar(key) ? {kind: 'scalar', value: key.value} : undefined;
    if (node?.kind === 'scalar' && 'value' in node && isPrimitive(node.value) && node.value !== null)
      return String(node.value);
    this.#mistakes.add('wrong-type', 'a key must be a plain text', place);
    return undefined;
  }

  #mergeable(value: YamlNode): readonly YamlNode[] {
    const sources = value.kind === 'list' ? value.items : [value];
    const wrong = sources.find((source) => source.kind !== 'map');
    if (wrong !== undefined) this.#mistakes.add('wrong-type', '"<<" takes a map or a list of maps', wrong.place);
    return sources;
  }

  #alias(alias: Alias): YamlNode {
    const place = this.#mistakes.source.placeAt(alias.range?.[0] ?? 0);
    const target = this.#anchors.get(alias.source);
    if (target !== undefined && target !== 'open') return target;
    if (target === 'open') this.#mistakes.add('alias-bomb', `"*${alias.source}" stands inside of what it names`, place);
    else if (!this.#mistakes.isFull)
      this.#mistakes.add(
        'yaml-syntax',
        `there is no anchor "&${alias.source}" before`,
        place,
        suggest(alias.source, this.#anchors.keys()),
      );
    return {kind: 'scalar', value: null, place, placeIn: () => place, end: alias.range?.[1] ?? 0, weight: 1, depth: 1};
  }

  #common(place: Place, children: readonly YamlNode[], node: Node): Common {
    return {place, ...this.#size(children, node, 0)};
  }

  #size(children: readonly YamlNode[], node: Node | null, start: number): Omit<Common, 'place'> {
    let weight = 1;
    let depth = 0;
    for (const child of children) {
      weight += child.weight;
      depth = Math.max(depth, child.depth);
    }
    const {text, placeAt} = this.#mistakes.source;
    if (weight > HEAVIEST && !this.#refused) {
      this.#refused = true;
      const place = placeAt(node?.range?.[0] ?? start);
      this.#mistakes.add('alias-bomb', `with its aliases followed, this holds more than ${HEAVIEST} values`, place);
    }
    let end = node?.range?.[1] ?? start;
    while (end > 0 && /\s/.test(text[end - 1] ?? '')) end--;
    return {end, weight, depth: depth + 1};
  }
}

const isPrimitive = (value: unknown): value is null | boolean | number | string =>
  value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string';
