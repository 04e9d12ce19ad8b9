import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Values} from '../../engine/expression.ts';
import {Mistakes} from '../../engine/mistakes.ts';
import {readTemplate} from '../../engine/read-template.ts';
import {source} from '../../engine/source.ts';
import {referencesOf, renderTemplate} from '../../engine/template.ts';
import {parseYaml} from '../../engine/yaml.ts';

const test = suite('template');

const read = (text: string) => {
  const mistakes = new Mistakes(source('f.yaml', text));
  const root = parseYaml(mistakes);
  const template = root && readTemplate(root, mistakes);
  return {template: template ?? {kind: 'literal' as const, value: null}, problems: mistakes.sorted};
};

const values: Values = {inputs: {n: 3, name: 'web', list: [1, 'a'], yes: true, none: null}};
const rendered = (text: string): unknown =>
  renderTemplate(read(text).template, (expression) => expression.evaluate(values));

test('a text that is one expression keeps the type of its value', () => {
  assert.equal(rendered('[ "${{ inputs.n }}", "${{inputs.list}}", "${{ inputs.yes }}" ]'), [3, [1, 'a'], true]);
});

test('values inside a text become text', () => {
  assert.is(
    rendered('"n=${{ inputs.n }} ${{ inputs.yes }} ${{ inputs.list }} ${{ inputs.name }}"'),
    'n=3 true [1,"a"] web',
  );
});

test('expressions may hold braces and quotes of their own', () => {
  assert.equal(rendered(`'\${{ {"a": {"b": "}}"}} }}'`), {a: {b: '}}'}});
  assert.is(rendered(`a \${{ "}}" + '}}' }} b`), 'a }}}} b');
});

test('$${{ stands for the characters themselves', () => {
  assert.is(rendered('a $${{ inputs.n }} b ${{ inputs.n }}'), 'a ${{ inputs.n }} b 3');
  assert.is(rendered('$${{ x }}'), '${{ x }}');
});

test('what is never closed, and expressions in keys, are refused', () => {
  const [open] = read('a: b ${{ inputs.n }\n').problems;
  assert.equal([open?.code, open?.place?.column], ['bad-template', 6]);
  assert.is(read('"${{ inputs.n }}": 1\n').problems[0]?.code, 'bad-template');
});

test('mistakes have their exact column in every kind of text', () => {
  const cases: Record<string, [number, number]> = {
    'a: x ${{ inputs.n + }}\n': [1, 20],
    'a: "x\\t ${{ inputz.n }}"\n': [1, 13],
    "a: 'it''s ${{ inputz.n }}'\n": [1, 15],
    'a: |\n  one\n    ${{ inputz.n }}\n': [3, 9],
    'a: >-\n  one\n  ${{ inputz.n }}\n': [3, 7],
  };
  for (const [text, [line, column]] of Object.entries(cases)) {
    const [problem] = read(text).problems;
    assert.equal([problem?.place?.line, problem?.place?.column], [line, column], text);
  }
});

test('knows what it reads, in order', () => {
  const {template} = read('a: ${{ inputs.b }}\nc: [x, "${{ env.D }}/${{ run.id }}"]\n');
  assert.equal(
    referencesOf(template).map(({root}) => root),
    ['inputs', 'env', 'run'],
  );
});

test('a key __proto__ stays a key', () => {
  assert.equal(Object.keys(rendered('__proto__: "${{ inputs.n }}"\n') as object), ['__proto__']);
});

test.run();
