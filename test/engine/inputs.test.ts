import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Problem, RunbookError} from '../../engine/errors.ts';
import {resolveInputs} from '../../engine/inputs.ts';
import type {Input} from '../../engine/runbook.ts';
import type {Json} from '../../engine/step-type.ts';

const test = suite('inputs');

const place = {file: 'f.yaml', line: 1, column: 1};
const runbook = (inputs: Readonly<Record<string, Partial<Input>>>) => ({
  name: 'demo',
  inputs: new Map(
    Object.entries(inputs).map(([name, input]) => [
      name,
      {name, type: 'string', secret: false, place, ...input} as Input,
    ]),
  ),
});

const problems = (
  inputs: Readonly<Record<string, Partial<Input>>>,
  given: Record<string, Json>,
): readonly Problem[] => {
  try {
    resolveInputs(runbook(inputs), given);
    return [];
  } catch (error) {
    if (error instanceof RunbookError) return error.problems;
    throw error;
  }
};

test('reads texts by the type of the input', () => {
  const inputs = {
    i: {type: 'integer'},
    n: {type: 'number'},
    b: {type: 'boolean'},
    l: {type: 'list'},
    j: {type: 'list'},
    m: {type: 'map'},
    o: {type: 'map'},
    s: {},
  } as const;
  const given = {i: '3', n: '-1.5', b: 'yes', l: 'a, b,c', j: '[1, "x"]', m: 'a=1,b=x=y', o: '{"a": 1}', s: '007'};

  assert.equal(resolveInputs(runbook(inputs), given), {
    i: 3,
    n: -1.5,
    b: true,
    l: ['a', 'b', 'c'],
    j: [1, 'x'],
    m: {a: '1', b: 'x=y'},
    o: {a: 1},
    s: '007',
  });
});

test('defaults fill what is not given', () => {
  assert.equal(resolveInputs(runbook({a: {default: 'x'}, b: {default: 'y'}}), {b: 'z'}), {a: 'x', b: 'z'});
});

test('reports everything at once: unknown, missing and wrong inputs', () => {
  const found = problems({servers: {type: 'integer'}, name: {about: 'Its name'}}, {servers: 'three', nmae: 'x'});

  assert.equal(
    found.map(({code}) => code),
    ['unknown-input', 'input-invalid', 'input-missing'],
  );
  assert.equal(found[0]?.next, ['did you mean "name"?']);
  assert.equal([found[1]?.expected, found[1]?.found], ['a whole number', '"three"']);
  assert.equal([found[2]?.expected, found[2]?.next], ['text: Its name', ['--set name=...']]);
});

test('holds values against what the input demands', () => {
  const cases: [Partial<Input>, Json, string | undefined][] = [
    [{type: 'integer', minimum: 1}, '0', 'at least 1'],
    [{type: 'integer', maximum: 5}, '6', 'at most 5'],
    [{type: 'integer'}, '1.5', 'a whole number'],
    [{type: 'integer'}, '1e30', 'a whole number'],
    [{type: 'number'}, 'NaN', 'a number'],
    [{type: 'number'}, '', 'a number'],
    [{type: 'boolean'}, 'maybe', 'true or false'],
    [{type: 'map'}, 'a', 'a map, as in a=1,b=2 or {"a": 1}'],
    [{type: 'list'}, '[1', 'a list, as in a,b,c or ["a", "b"]'],
    [{type: 'list'}, {a: 1}, 'a list, as in a,b,c or ["a", "b"]'],
    [{pattern: '[a-z]+'}, 'abc1', 'text that matches [a-z]+'],
    [{pattern: 'a|b'}, 'ab', 'text that matches a|b'],
    [{choices: ['a', 'b']}, 'c', 'one of a, b'],
    [{choices: ['a', 'b']}, 'b', undefined],
    [{type: 'integer', choices: [1, 2]}, '2', undefined],
  ];
  for (const [input, given, expected] of cases)
    assert.is(problems({x: input}, {x: given})[0]?.expected, expected, JSON.stringify([input, given]));
});

test('never shows a secret', () => {
  const [problem] = problems({pw: {secret: true, pattern: '[0-9]+'}}, {pw: 'hunter2'});
  assert.not.match(JSON.stringify(problem), 'hunter2');
});

test('names like constructor are no inputs', () => {
  assert.is(problems({}, {constructor: 'x'})[0]?.code, 'unknown-input');
  assert.is(problems({constructor: {}}, {})[0]?.code, 'input-missing');
});

test.run();
