import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {Mistakes} from '../../engine/mistakes.ts';
import {source} from '../../engine/source.ts';
import {lookUp, parseYaml, toJson, type YamlScalar} from '../../engine/yaml.ts';

const test = suite('yaml');

const parse = (text: string) => {
  const mistakes = new Mistakes(source('f.yaml', text));
  const root = parseYaml(mistakes);
  return {root, value: root && toJson(root), problems: mistakes.sorted, codes: mistakes.sorted.map(({code}) => code)};
};

test('follows anchors, aliases and merge keys', () => {
  const {value} = parse('a: &x {p: 1, q: 2}\nb: *x\nc:\n  <<: *x\n  q: 3\n');
  assert.equal(value, {a: {p: 1, q: 2}, b: {p: 1, q: 2}, c: {q: 3, p: 1}});
});

test('a key like __proto__ is just a key', () => {
  const {value} = parse('__proto__: {polluted: true}\nconstructor: 1\n');
  assert.equal(Object.keys(value as object), ['__proto__', 'constructor']);
  assert.is(({} as {polluted?: boolean}).polluted, undefined);
});

test('reports one problem per line of bad syntax', () => {
  const {problems} = parse('a: "x\nb: [1\nc: @x\n');
  assert.ok(problems.length >= 1);
  assert.is(new Set(problems.map(({place}) => place?.line)).size, problems.length);
});

test('explains a tab', () => {
  const [problem] = parse('a:\n\tb: 1\n').problems;
  assert.is(problem?.message, "a tab can't indent YAML; use spaces");
  assert.is(problem?.place?.line, 2);
});

test('says to quote an expression inside of brackets', () => {
  const [problem] = parse('with: {name: ${{ inputs.x }}}\n').problems;
  assert.match(problem?.next?.[0] ?? '', 'in quotes');
});

test('names both places of a duplicate key', () => {
  const [problem] = parse('a: 1\nb: 2\na: 3\n').problems;
  assert.is(problem?.code, 'duplicate-key');
  assert.is(problem?.place?.line, 3);
  assert.match(problem?.message ?? '', 'line 1');
});

test('refuses an alias bomb before it is unfolded', () => {
  const levels = [...'bcdefghij'].map(
    (name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[index]}`).join(', ')}]`,
  );
  const {codes, root} = parse(`a: &a [x]\n${levels.join('\n')}\n`);

  assert.equal(codes, ['alias-bomb']);
  assert.is(root, undefined);
});

test('refuses an alias inside of what it names, and one that names nothing', () => {
  assert.equal(parse('a: &a [*a]\n').codes, ['alias-bomb']);
  const [problem] = parse('a: &abc 1\nb: *abd\n').problems;
  assert.equal(problem?.next, ['did you mean "abc"?']);
});

test('refuses nesting bombs', () => {
  for (const bomb of [
    '['.repeat(90_000),
    '[\n'.repeat(100_000),
    '{a: '.repeat(20_000),
    '- '.repeat(40_000),
    `a: ${'&a '.repeat(20_000)}`,
    'x'.repeat(200_000),
  ]) {
    const {problems, root} = parse(bomb);
    assert.is(root, undefined);
    assert.ok(problems.length > 0);
  }
});

test('brackets inside of scripts are no nesting', () => {
  assert.equal(parse(`a: |\n${'  echo [ {\n'.repeat(200)}`).codes, []);
});

test('refuses a second document, foreign tags and keys that are no text', () => {
  assert.equal(parse('a: 1\n---\nb: 2\n').codes, ['yaml-syntax']);
  assert.equal(parse('a: !!js/function x\n').codes, ['yaml-syntax']);
  assert.equal(parse('? [a]\n: 1\n').codes, ['wrong-type']);
  assert.equal(parse('a: .inf\n').codes, ['bad-value']);
});

test('finds the place of every character of a text', () => {
  const styles: [string, string][] = [
    ['a: plain @here\n', '@'],
    ['a: "double \\u0041 \\" @here"\n', '@'],
    ["a: 'single '' @here'\n", '@'],
    ['a: |\n  first\n\n    deeper @here\n', '@'],
    ['a: >-\n  folded\n  text @here\n\n  more\n', '@'],
    ['a: "two\n  lines @here"\n', '@'],
    ['a: two\n  plain lines @here\n', '@'],
  ];
  for (const [text, mark] of styles) {
    const {root} = parse(text);
    const node = root && (lookUp(root, ['a']).node as YamlScalar);
    const place = node?.placeIn(String(node.value).indexOf(mark));
    const before = text.slice(0, text.indexOf(mark)).split('\n');
    assert.equal([place?.line, place?.column], [before.length, (before.at(-1) ?? '').length + 1], text);
  }
});

test.run();
