import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {runbookSchema, stepTypeSchema} from '../../engine/json-schema.ts';
import type {StepType} from '../../engine/step-type.ts';
import {registry} from './loading.ts';

const test = suite('json-schema');

type Schema = Readonly<Record<string, unknown>> & {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly definitions: Readonly<Record<string, Schema>>;
  readonly description: string;
};
const schema = runbookSchema(registry) as unknown as Schema;
const step = schema.definitions.step as Schema;

test('is the same every time, whatever the order of the registry', () => {
  const reversed = new Map([...registry].reverse());
  assert.is(JSON.stringify(runbookSchema(reversed)), JSON.stringify(schema));
});

test('offers every step type with its description', () => {
  assert.equal(step.properties.uses?.enum, ['assert', 'manual', 'runbook', 'shell', 'thing.look', 'thing.make']);
  assert.is((step.properties.uses?.enumDescriptions as string[] | undefined)?.[5], 'Makes a thing.');
});

test('`uses` decides which options there are', () => {
  const rule = (step.allOf as Schema[]).find((one) => JSON.stringify(one.if).includes('"thing.make"'));
  assert.equal(rule?.then, {properties: {with: {$ref: '#/definitions/thing.make'}}, required: ['with']});
  assert.equal(schema.definitions['thing.make']?.required, ['name']);
  assert.is(schema.definitions['thing.make']?.additionalProperties, false);
});

test('takes an expression where a value is no text', () => {
  const {size, mode, name, ports} = (schema.definitions['thing.make'] as Schema).properties;
  const expression = {$ref: '#/definitions/expression'};

  assert.equal(size?.anyOf, [{type: 'integer', minimum: 1}, expression]);
  assert.equal(mode?.anyOf, [{enum: ['fast', 'slow'], type: 'string'}, expression]);
  assert.equal(ports?.anyOf, [{type: 'array', items: {anyOf: [{type: 'string'}, {type: 'number'}]}}, expression]);
  assert.is(name?.anyOf, undefined);
});

test('durations have their form, and every key a description', () => {
  assert.match(String(step.properties.timeout?.pattern), 'ms|s|m|h|d');
  for (const [name, one] of [...Object.entries(step.properties), ...Object.entries(schema.properties)])
    assert.ok(one.description, name);
});

test('describes one step type', () => {
  const {title, properties} = stepTypeSchema(registry.get('thing.look') as StepType) as unknown as Schema & {
    title: string;
  };
  assert.is(title, 'thing.look');
  assert.equal(Object.keys(properties.outputs?.properties ?? {}), ['status', 'json']);
});

test.run();
