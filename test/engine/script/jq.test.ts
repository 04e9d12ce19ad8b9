import {execFileSync} from 'node:child_process';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {parseExpression} from '../../../engine/expression.ts';
import {literalOf, translate, Untranslatable} from '../../../engine/script/jq.ts';
import {JQ_HELPERS} from '../../../engine/script/jq-forms.ts';
import {variable} from '../../../engine/sh.ts';
import {hasTools} from '../../tools.ts';

const test = suite('expressions in jq');
const withJq = hasTools('jq') ? test : test.skip;

const RESULT = {
  text: 'a, b\n',
  empty: '',
  number: 3,
  truth: true,
  names: ['web', 'db', 'it\'s "odd"'],
  nodes: [
    {name: 'one', port: 1, tags: ['x']},
    {name: 'two', port: 2, tags: []},
  ],
  map: {one: 1, two: 2},
  nothing: null,
};

/** What jq makes of an expression in which all of `result` is known to the shell alone. */
const inJq = (source: string): unknown => {
  const result = Object.fromEntries(Object.keys(RESULT).map((name) => [name, variable(`result_${name}`)]));
  const found = translate(source, {result, inputs: {servers: 3, names: ['web', 'db']}, item: {key: 'one', value: 1}});
  const variables = new Set(found.kind === 'jq' ? found.variables : []);
  const filter = found.kind === 'jq' ? found.filter : literalOf(found.value, variables);
  const args = [...variables].flatMap((name) => {
    const value = RESULT[name.slice('result_'.length) as keyof typeof RESULT];
    return typeof value === 'string' ? ['--arg', name, value] : ['--argjson', name, JSON.stringify(value)];
  });
  return JSON.parse(
    execFileSync('jq', ['-nc', ...args, `${JQ_HELPERS}\n${filter}`], {encoding: 'utf8', stdio: 'pipe'}),
  );
};

const inCel = (source: string): unknown =>
  parseExpression(source, () => ({file: 'x.yaml', line: 1, column: 1})).evaluate({
    result: RESULT,
    inputs: {servers: 3, names: ['web', 'db']},
    item: {key: 'one', value: 1},
  });

const SAME = [
  'result.number == 3 && result.truth',
  'result.number > 2 || result.number < 0',
  '!(result.number >= 4)',
  '"web" in result.names && !("nobody" in result.names)',
  '"one" in result.map',
  '["web", "db"].all(n, n in result.names)',
  'inputs.names.all(n, n in result.names)',
  'result.nodes.exists(x, x.name == "two" && x.port == 2)',
  'result.nodes.exists_one(x, x.port > 1)',
  'result.nodes.map(x, x.name)',
  'result.nodes.filter(x, size(x.tags) > 0)[0].name',
  'result.nodes.map(x, x.name + ":" + string(x.port)).join(", ")',
  'result.map.all(k, result.map[k] <= 2)',
  'result.map[item.key]',
  'size(result.names) == inputs.servers',
  'result.text.contains("b") && result.text.startsWith("a") && result.text.endsWith("b\\n")',
  'result.text.trim().split(", ")',
  'result.text.lines()',
  'result.empty.lines()',
  'result.text.matches("^a")',
  'result.empty == "" ? "none" : result.empty',
  'result.number % 2 == 1',
  'result.number * 2 + 1',
  '"n" + result.number',
  '-result.number',
  '{"n": result.number, "l": [result.truth]}',
  'result.text.upperAscii()',
  'has(result.map.one)',
  'result.names[2]',
  'inputs.servers > 1 ? result.number : 0',
  'inputs.servers + 1',
];

for (const source of SAME) {
  withJq(`say the same: ${source}`, () => {
    assert.equal(inJq(source), inCel(source));
  });
}

for (const source of [
  'result.map.three != 1',
  'result.nodes[5].name == "x"',
  'result.nodes.exists(x, x.nome != "one")',
]) {
  withJq(`fail where CEL fails: ${source}`, () => {
    assert.throws(() => inCel(source));
    assert.throws(() => inJq(source));
  });
}

test('name what they can not say', () => {
  for (const source of [
    'result.text.substring(1) == "x"',
    'timestamp(result.text) == timestamp("2026-01-01T00:00:00Z")',
  ])
    assert.throws(
      () => translate(source, {result: {text: variable('result_text')}}),
      (error: unknown) => error instanceof Untranslatable,
    );
});

test('join what is known with a variable, so that no jq is needed', () => {
  const found = translate('"http://" + result.ip + ":80"', {result: {ip: variable('IP')}});
  assert.equal(found, {kind: 'value', value: `http://${variable('IP')}:80`});
});

test.run();
