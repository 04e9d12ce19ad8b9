import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {RunbookError} from '../../engine/errors.ts';
import {checkOptions} from '../../engine/options.ts';
import type {Json, StepType} from '../../engine/step-type.ts';
import {registry} from './loading.ts';

const test = suite('options');

const place = {file: 'f.yaml', line: 3, column: 5};
const type = registry.get('thing.make') as StepType;

const problems = (options: Json): readonly string[] => {
  try {
    checkOptions(type, options, place);
    return [];
  } catch (error) {
    if (!(error instanceof RunbookError)) throw error;
    for (const problem of error.problems) assert.equal(problem.place, place);
    return error.problems.map(
      ({code, message, found}) => `${code}: ${message}${found === undefined ? '' : `, found ${found}`}`,
    );
  }
};

test('gives right options back, with defaults', () => {
  assert.equal(checkOptions(type, {name: 'x', size: 3}, place), {name: 'x', size: 3});
});

test('says in plain words what is wrong with values that came from expressions', () => {
  assert.equal(problems({name: 'x', size: 'three'}), ['wrong-type: "size" must be a number, found "three"']);
  assert.equal(problems({name: 'x', size: 1.5}), ['wrong-type: "size" must be a whole number, found 1.5']);
  assert.equal(problems({name: ''}), ['bad-value: "name" must be text that is not empty, found ""']);
  assert.equal(problems({name: null}), ['wrong-type: "name" must be text, found nothing']);
  assert.equal(problems({name: 'x', mode: 'fastest'}), [
    'bad-value: "mode" must be one of fast, slow, found "fastest"',
  ]);
  assert.equal(problems({name: 'x', ports: [1, true]}), ['wrong-type: "ports.1" must be text or a number, found true']);
  assert.equal(problems({name: 'x', labels: ['a']}), ['wrong-type: "labels" must be a map, found a list']);
});

test('names every unknown option, but a misspelt one only once', () => {
  assert.equal(problems({nmae: 'x', b: 1, c: 2}), [
    'unknown-option: thing.make has no option "nmae"',
    'unknown-option: thing.make has no option "b"',
    'unknown-option: thing.make has no option "c"',
  ]);
  assert.equal(problems({}), ['missing-key: thing.make needs option "name"']);
});

test.run();
