import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {RunbookError} from '../../engine/errors.ts';
import {type Expression, parseExpression, type Values} from '../../engine/expression.ts';

const test = suite('expression');

const parse = (source: string): Expression =>
  parseExpression(source, (offset) => ({file: 'f.yaml', line: 1, column: offset + 1}));

const refused = (act: () => unknown): RunbookError => {
  try {
    act();
  } catch (error) {
    if (error instanceof RunbookError) return error;
    throw error;
  }
  return assert.unreachable('it was taken') as never;
};

const values: Values = {
  inputs: {servers: 3, half: 0.5, name: 'web', list: ['a', 'b'], ports: [8500, 8600], nothing: null},
  env: {IMAGE: 'consul:1'},
  steps: {server1: {outputs: {ip: '10.0.0.2', tags: {zone: 'eu'}}}},
  result: {status: 404, body: 'x'.repeat(5000), json: [{Node: 'n1'}, {Node: 'n2'}]},
  item: {key: 'k', value: 7},
  run: {id: 'r1'},
};
const value = (source: string): unknown => parse(source).evaluate(values);

test('numbers from JSON and literals mix', () => {
  const cases: Record<string, unknown> = {
    'inputs.servers + 1': 4,
    '1 + inputs.servers': 4,
    'inputs.servers / 2': 1.5,
    'inputs.servers % 2': 1,
    'inputs.servers * inputs.half': 1.5,
    'inputs.servers - 0.5': 2.5,
    'inputs.servers > 2 && 2 < inputs.servers': true,
    'inputs.servers == 3 && 3 == inputs.servers': true,
    '8500 in inputs.ports && inputs.ports == [8500, 8600]': true,
    'inputs.list[inputs.servers - 2]': 'b',
    'size(inputs.list) + inputs.servers': 5,
    '"n" + inputs.servers + 1': 'n31',
    'string(inputs.servers)': '3',
  };
  for (const [source, expected] of Object.entries(cases)) assert.equal(value(source), expected, source);
});

test('results are plain JSON', () => {
  assert.equal(value('{"a": [1, {"b": 2u}], "c": null, "d": steps.?none}'), {a: [1, {b: 2}], c: null, d: null});
  assert.equal(value('timestamp("2024-01-01T00:00:00Z")'), '2024-01-01T00:00:00.000Z');
  assert.is(refused(() => value('1.0 / 0.0')).code, 'expression-failed');
});

test('texts are parsed, cut and joined', () => {
  assert.equal(value('json("{\\"a\\": [1, 2]}").a[1]'), 2);
  assert.equal(value('" a\\nb\\n".trim().lines()'), ['a', 'b']);
  assert.equal(value('"a,b".split(",").join("-")'), 'a-b');
  assert.equal(value('steps.?gone.outputs.?ip.orValue("none")'), 'none');
});

test('only own properties can be read', () => {
  for (const source of ['inputs.constructor', 'inputs.__proto__', 'inputs.name.constructor', 'result.json.length'])
    assert.is(refused(() => value(source)).code, 'expression-failed', source);
});

test('a value is never looked for in the prototype, and the process is out of reach', () => {
  for (const source of ['process.exit()', 'globalThis', 'require("fs")'])
    assert.ok(['unknown-variable', 'bad-expression'].includes(refused(() => parse(source)).code), source);
});

test('knows what it reads, but not its own variables', () => {
  const references = (source: string) =>
    parse(source).references.map(({root, path, place}) => `${[root, ...path].join('.')}@${place.column}`);

  assert.equal(references('steps.a.outputs.b + steps["c"].outputs["d-e"].f'), [
    'steps.a.outputs.b@1',
    'steps.c.outputs.d-e.f@21',
  ]);
  assert.equal(references('inputs.list.all(x, x == item.key)'), ['inputs.list@1', 'item.key@25']);
  assert.equal(references('inputs.list.map(item, item.key)'), ['inputs.list@1']);
  assert.equal(references('cel.bind(result, inputs.a, result.b)'), ['inputs.a@18']);
  assert.equal(references('inputs.map[env.KEY].deeper'), ['inputs.map@1', 'env.KEY@12']);
  assert.equal(references('has(steps.a.outputs.x) ? [run.id] : [result]'), [
    'steps.a.outputs.x@5',
    'run.id@27',
    'result@38',
  ]);
  assert.equal(references('(inputs.a + "x").size()'), ['inputs.a@2']);
});

test('a bad expression is refused at its very place', () => {
  const cases: Record<string, [string, number]> = {
    'inputs.a +': ['bad-expression', 11],
    'inputs.a ++ 1': ['bad-expression', 11],
    'size(inputz.a)': ['unknown-variable', 6],
    '1 + sise(inputs.a)': ['bad-expression', 5],
    '"open': ['bad-expression', 1],
    '': ['bad-expression', 1],
    '1 == "a"': ['bad-expression', 1],
  };
  for (const [source, [code, column]] of Object.entries(cases)) {
    const [problem] = refused(() => parse(source)).problems;
    assert.equal([problem.code, problem.place?.column], [code, column], source);
  }
  assert.equal(refused(() => parse('inputz.a')).problems[0].next, ['did you mean "inputs"?']);
  assert.equal(refused(() => parse('sise(inputs.a)')).problems[0].next, ['did you mean "size"?']);
});

test('no pattern takes forever, also one that is made while it runs', () => {
  const text = `${'a'.repeat(5000)}!`;
  for (const pattern of ['^(a+)+$', '^(a|a)*$', '(a|aa)+$', '^(a*)*b', '(.*.*)*x', '(a?){50}a{50}$'])
    for (const source of [`result.text.matches("${pattern}")`, 'result.text.matches(inputs.pattern)'])
      assert.is(parse(source).evaluate({result: {text}, inputs: {pattern}}), false, `${source} ${pattern}`);
});

test('patterns are those of RE2', () => {
  const taken: Record<string, [text: string, matches: boolean]> = {
    '^v[0-9]+[.][0-9]+$': ['v1.22', true],
    '(?i)ready': ['Is READY', true],
    '[[:alpha:]]+': ['12', false],
    '^(?P<name>[a-z]+)(-[a-z0-9]+)*$': ['web-1', true],
  };
  for (const [pattern, [text, matches]] of Object.entries(taken))
    assert.is(parse(`result.matches("${pattern}")`).evaluate({result: text}), matches, pattern);

  const [problem] = refused(() => parse('inputs.name.matches("(?=a)b")')).problems;
  assert.is(problem.code, 'bad-expression');
  assert.is(problem.place?.column, 21);
  assert.match(problem.next?.[0] ?? '', 'without look-ahead');
  const made = refused(() => parse('inputs.name.matches("(" + inputs.name)').evaluate(values));
  assert.is(made.code, 'expression-failed');
  assert.match(made.message, 'is not a regular expression');
});

test('calls matches() by its name, whatever is wrong with it', () => {
  assert.match(refused(() => parse('"a".matches(1)')).message, '.matches(');
  assert.not.match(refused(() => parse('"a".matches(1)')).message, 'matches_');
  assert.not.match(refused(() => value('inputs.servers.matches("a")')).message, 'matches_');
  assert.equal(refused(() => parse('"a".match("b")')).problems[0].next, ['did you mean "matches"?']);
});

test('an expression that would take forever is broken off, and says over what it went', () => {
  const list = Array.from({length: 20_000}, (_, index) => index);
  const doubled = Array.from({length: 40}, (_, n) => `cel.bind(x${n + 1}, [x${n}, x${n}], `);
  const endless = [
    'inputs.list.all(a, inputs.list.all(b, inputs.list.all(c, a + b + c >= 0.0)))',
    'inputs.list.map(a, inputs.list.filter(b, b in inputs.list)).size() > 0',
    `cel.bind(x0, inputs.list, ${doubled.join('')}x40${')'.repeat(41)}`,
  ];
  for (const source of endless) {
    const [problem] = refused(() => parse(source).evaluate({inputs: {list}})).problems;
    assert.is(problem.code, 'expression-failed');
    assert.match(problem.message, 'takes too long');
    assert.match(problem.found ?? '', 'inputs.list of 20000 elements');
    assert.ok(problem.next?.length);
  }
  assert.is(parse('inputs.list.all(a, a in inputs.list)').evaluate({inputs: {list: list.slice(0, 300)}}), true);
});

test('an explanation that would take forever is left out', () => {
  const list = Array.from({length: 20_000}, (_, index) => index);

  const parts = parse('inputs.list.all(a, inputs.list.all(b, inputs.list.all(c, a >= 0.0)))').explain({inputs: {list}});

  assert.ok(Array.isArray(parts));
});

test('a failure says what there is instead', () => {
  const missing = refused(() => value('steps.server1.outputs.id')).problems[0];
  assert.match(missing.message, 'no "id" in steps.server1.outputs; there are: ip, tags');
  assert.equal(missing.next, ['did you mean "ip"?']);
  assert.is(missing.place?.column, 23);

  assert.match(refused(() => value('steps.server9.outputs.ip')).message, 'step "server9" has no outputs');
  assert.match(refused(() => value('json("oops")')).message, 'not JSON');
  assert.match(refused(() => parse('result.x').evaluate({inputs: {}})).message, `"result" can't be read here`);
});

const explained = (source: string, mask?: (text: string) => string): Record<string, string> =>
  Object.fromEntries(
    parse(source)
      .explain(values, mask)
      .map((part) => [part.source, part.value]),
  );

test('explains a condition by the values that decide it', () => {
  assert.equal(explained('size(result.json) == 3'), {
    'size(result.json)': '2',
    'result.json': '[{"Node":"n1"},{"Node":"n2"}]',
  });
  assert.equal(explained('result.status in [200, 201]'), {'result.status': '404'});
  assert.equal(explained('inputs.servers == 3 && result.status == 200'), {
    'result.status == 200': 'false',
    'result.status': '404',
  });
});

test('explains conditions on every element of a list', () => {
  assert.equal(explained('["n1", "n9"].all(n, result.json.exists(x, x.Node == n))'), {
    'result.json.exists(x, x.Node == n) with n = "n9"': 'false',
    'result.json': '[{"Node":"n1"},{"Node":"n2"}]',
    'x.Node == n with n = "n9", x = {"Node":"n1"}': 'false',
    'x.Node == n with n = "n9", x = {"Node":"n2"}': 'false',
  });
});

test('an explanation is short, masked before it is cut, and never throws', () => {
  const body = explained('result.body.contains("y")')['result.body'] ?? '';
  assert.ok(body.length < 260);

  const masked = explained('result.body == "y"', (text) => text.replaceAll('x'.repeat(5000), '***'));
  assert.is(masked['result.body'], '"***"');

  assert.equal(explained('steps.gone.outputs.x == 1'), {'steps.gone.outputs.x': 'no such key: gone'});
  assert.equal(parse('result.x == 1').explain({}), [{source: 'result.x', value: 'unknown variable: result'}]);
});

test('explains the whole of a negation in brackets', () => {
  const expression = parse('!("a" in result.names) && size(result.names) == 2');

  const parts = expression.explain({result: {names: ['a', 'b']}});

  assert.equal(parts[0], {source: '!("a" in result.names)', value: 'false'});
});

test.run();
