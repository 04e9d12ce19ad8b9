import {type Place, RunbookError} from './errors.ts';
import {type Expression, type PlaceAt, parseExpression} from './expression.ts';
import type {Mistakes} from './mistakes.ts';
import type {Template} from './template.ts';
import type {toJson, YamlNode, YamlScalar} from './yaml.ts';

/** A stretch of a text: literal, or what stands between `${{` and `}}`. */
export type Piece =
  | {readonly kind: 'text'; readonly text: string; readonly start: number}
  | {readonly kind: 'expression'; readonly text: string; readonly start: number};

const OPEN = '${{';

/**
 * Cuts a text into literal stretches and expressions; `$${{` stands for a literal `${{`.
 * @throws RunbookError `bad-template` when a `${{` is never closed
 */
export const piecesOf = (text: string, placeAt: PlaceAt): readonly Piece[] => {
  const pieces: Piece[] = [];
  let done = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, done)) {
    const escaped = text[open - 1] === '$' && open > done;
    const literal = escaped ? text.slice(done, open - 1) + OPEN : text.slice(done, open);
    if (literal !== '') pieces.push({kind: 'text', text: literal, start: done});
    done = open + OPEN.length;
    if (escaped) continue;
    const close = closeOf(text, done);
    if (close < 0) throw unclosed(placeAt(open));
    pieces.push({kind: 'expression', text: text.slice(done, close), start: done});
    done = close + 2;
  }
  if (done < text.length) pieces.push({kind: 'text', text: text.slice(done), start: done});
  return pieces;
};

const unclosed = (place: Place): RunbookError =>
  new RunbookError({
    code: 'bad-template',
    message: 'this "${{" is never closed',
    place,
    next: ['close it with "}}", or write "$${{" for the characters themselves'],
  });

/** A whole string, a quote that begins none, or a brace. */
const STRING_OR_BRACE = /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|["'{}]/g;

/** Where the `}}` of an expression stands; its strings and maps may hold braces of their own. */
const closeOf = (text: string, start: number): number => {
  let depth = 0;
  STRING_OR_BRACE.lastIndex = start;
  for (let found = STRING_OR_BRACE.exec(text); found !== null; found = STRING_OR_BRACE.exec(text)) {
    const [{0: first, length}] = found;
    // a string that does not end: the expression is wrong, wherever it ends itself
    if (length === 1 && (first === '"' || first === "'")) return text.indexOf('}}', found.index);
    if (first === '{') depth++;
    else if (first === '}' && depth > 0) depth--;
    else if (first === '}' && text.startsWith('}}', found.index)) return found.index;
  }
  return -1;
};

/** The expression of one piece; the white space around it is no part of its source. */
export const expressionOf = (piece: Piece, placeAt: PlaceAt): Expression => {
  const source = piece.text.trim();
  const start = piece.start + (source === '' ? 0 : piece.text.indexOf(source));
  return parseExpression(source, (offset) => placeAt(start + offset));
};

/** A YAML value with its expressions parsed; what is wrong with them is noted. */
export const readTemplate = (node: YamlNode, mistakes: Mistakes): Template => {
  if (node.kind === 'scalar') return readText(node, mistakes);
  if (node.kind === 'list') {
    const items = node.items.map((item) => readTemplate(item, mistakes));
    return items.every(isLiteral) ? literal(node) : {kind: 'list', items};
  }
  const entries = new Map<string, Template>();
  for (const [name, {key, value}] of node.entries) {
    if (name.includes(OPEN)) mistakes.add('bad-template', 'a key can\'t hold "${{ }}"; only values can', key);
    entries.set(name, readTemplate(value, mistakes));
  }
  return [...entries.values()].every(isLiteral) ? literal(node) : {kind: 'map', entries};
};

const isLiteral = (template: Template): boolean => template.kind === 'literal';

const literal = (node: YamlNode): Template => ({kind: 'literal', value: unescaped(node)});

const unescaped = (node: YamlNode): ReturnType<typeof toJson> => {
  if (node.kind === 'list') return node.items.map(unescaped);
  if (node.kind === 'map')
    return Object.fromEntries([...node.entries].map(([key, {value}]) => [key, unescaped(value)]));
  return typeof node.value === 'string' ? node.value.replaceAll(`$${OPEN}`, () => OPEN) : node.value;
};

const readText = (node: YamlScalar, mistakes: Mistakes): Template => {
  const {value, placeIn} = node;
  if (typeof value !== 'string' || !value.includes(OPEN)) return {kind: 'literal', value};
  const pieces = mistakes.collect(() => piecesOf(value, placeIn)) ?? [];
  const parts = pieces.map((piece) =>
    piece.kind === 'text' ? piece.text : mistakes.collect(() => expressionOf(piece, placeIn)),
  );
  const [first] = parts;
  if (parts.length === 1 && typeof first === 'object') return {kind: 'expression', expression: first};
  const known = parts.filter((part) => part !== undefined);
  if (known.every((part) => typeof part === 'string')) return {kind: 'literal', value: known.join('')};
  return {kind: 'text', parts: known};
};

/**
 * A condition or output: an expression, with or without `${{ }}` around it. Undefined when it is wrong, which is noted;
 * that it is no text at all is the schema's complaint.
 */
export const readExpression = (node: YamlNode, mistakes: Mistakes): Expression | undefined => {
  if (node.kind !== 'scalar') return undefined;
  const {placeIn} = node;
  const text = typeof node.value === 'string' ? node.value : String(node.value ?? '');
  return mistakes.collect(() => {
    const pieces = text.trimStart().startsWith(OPEN) ? piecesOf(text, placeIn) : [];
    const [only] = pieces.filter((piece) => piece.text.trim() !== '');
    const wrapped = only?.kind === 'expression' && text.trimEnd().endsWith('}}') && pieces.length <= 2;
    return expressionOf(wrapped ? only : {kind: 'expression', text, start: 0}, placeIn);
  });
};
