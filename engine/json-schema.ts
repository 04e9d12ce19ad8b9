import {toJsonSchema} from '@valibot/to-json-schema';
import type * as v from 'valibot';
import {childRunbook} from './child-runbook.ts';
import {EDITOR, fileSchema, ID, inputSchema, stepSchema} from './format.ts';
import type {Json, Registry, StepType} from './step-type.ts';

type Schema = {readonly [key: string]: Json};

const EXPRESSION: Schema = {type: 'string', pattern: '\\$\\{\\{', description: 'An expression: ${{ ... }}'};
const DURATION: Schema = {type: 'string', pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$'};

/** JSON Schema (draft-07) of a runbook's file, for editors: it completes step types, and each one's options. */
export const runbookSchema = (registry: Registry): Json => {
  const types = allTypes(registry);
  const file = convert(fileSchema);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'runbook',
    description: 'An operations document: typed steps, each with the check that proves it worked',
    ...file,
    properties: {
      ...(file.properties as Schema),
      inputs: {
        ...property(file, 'inputs'),
        propertyNames: {pattern: ID.source},
        additionalProperties: {$ref: '#/definitions/input'},
      },
      steps: {...property(file, 'steps'), items: {$ref: '#/definitions/step'}},
    },
    definitions: {
      duration: DURATION,
      expression: EXPRESSION,
      input: {...convert(inputSchema), type: ['object', 'null']},
      step: stepDefinition(types),
      ...Object.fromEntries(types.map((type) => [type.name, optionsOf(type)])),
    },
  };
};

/** JSON Schema (draft-07) of one step type's options, outputs and effect. */
export const stepTypeSchema = (type: StepType): Json => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: type.name,
  description: type.about,
  type: 'object',
  properties: {with: optionsOf(type), outputs: convert(type.outputs, 'output')},
  definitions: {expression: EXPRESSION},
});

const allTypes = (registry: Registry): readonly StepType[] => {
  const child = childRunbook as unknown as StepType;
  const types = registry.has(child.name) ? [...registry.values()] : [...registry.values(), child];
  return types.toSorted((a, b) => (a.name < b.name ? -1 : 1));
};

const property = (schema: Schema, name: string): Schema =>
  (schema.properties as Readonly<Record<string, Schema>>)[name] ?? {};

/** A step: which options `with` takes is decided by `uses`, or by `run`. */
const stepDefinition = (types: readonly StepType[]): Schema => {
  const step = convert(stepSchema);
  const readers = types.filter((type) => type.effect === 'reads' || type.effectIsSettable === true);
  const checks = property(step, 'verify');
  const undo = property(step, 'undo');
  return {
    ...withOptions(step, types),
    properties: {
      ...(step.properties as Schema),
      uses: usesOf(types),
      id: {...property(step, 'id'), pattern: ID.source},
      verify: {...checks, items: {...withOptions(checks.items as Schema, readers)}},
      undo: withOptions(undo, types),
    },
  };
};

const withOptions = (schema: Schema, types: readonly StepType[]): Schema => ({
  ...schema,
  properties: {...(schema.properties as Schema), uses: usesOf(types)},
  oneOf: [{required: ['uses']}, {required: ['run']}],
  allOf: [
    ...types.map((type) => ({
      if: {properties: {uses: {const: type.name}}, required: ['uses']},
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it so
      then: {
        properties: {with: {$ref: `#/definitions/${type.name}`}},
        ...(needsOptions(type) ? {required: ['with']} : {}),
      },
    })),
    ...types.filter(({name}) => name === 'shell').map(shortForm),
  ],
});

// beside `run:`, `with:` takes the other options of `shell`
const shortForm = (shell: StepType): Schema => {
  const {required: _, properties, ...options} = optionsOf(shell);
  const {run: __, ...others} = properties as Schema;
  return {
    if: {required: ['run']},
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it so
    then: {properties: {with: {...options, properties: others}}},
  };
};

const usesOf = (types: readonly StepType[]): Schema => ({
  description: 'The step type',
  type: 'string',
  enum: types.map(({name}) => name),
  enumDescriptions: types.map(({about}) => about),
  markdownEnumDescriptions: types.map(({about}) => about),
});

const needsOptions = (type: StepType): boolean => {
  const {required} = optionsOf(type);
  return Array.isArray(required) && required.length > 0;
};

const optionsOf = (type: StepType): Schema => {
  const schema = convert(type.options);
  const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Schema>>);
  return {
    description: type.about,
    ...schema,
    properties: Object.fromEntries(properties.map(([name, option]) => [name, orExpression(option)])),
  };
};

/** Lets an expression stand wherever its value could. */
const orExpression = (schema: Schema): Schema => {
  const {description, default: standard, ...rest} = schema;
  const inner: Schema = {
    ...rest,
    ...(isSchema(rest.items) ? {items: orExpression(rest.items)} : {}),
    ...(isSchema(rest.additionalProperties) ? {additionalProperties: orExpression(rest.additionalProperties)} : {}),
    ...(isSchema(rest.properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(rest.properties).map(([name, one]) => [name, orExpression(one as Schema)]),
          ),
        }
      : {}),
  };
  const outer = {
    ...(description === undefined ? {} : {description}),
    ...(standard === undefined ? {} : {default: standard}),
  };
  if (takesAnyText(inner)) return {...outer, ...inner};
  const choices = Array.isArray(inner.anyOf) ? (inner.anyOf as Schema[]).map(orExpressionInside) : [inner];
  return {...outer, anyOf: [...choices, {$ref: '#/definitions/expression'}]};
};

// An alternative of a choice: the choice itself offers the expression once.
const orExpressionInside = (schema: Schema): Schema => {
  const open = orExpression(schema);
  const [first] = Array.isArray(open.anyOf) && open.anyOf.length === 2 ? (open.anyOf as Schema[]) : [];
  return first ?? open;
};

const isSchema = (value: Json | undefined): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const takesAnyText = (schema: Schema): boolean => {
  if (Array.isArray(schema.anyOf)) return (schema.anyOf as Schema[]).some(takesAnyText);
  if (schema.type === undefined && schema.enum === undefined && schema.const === undefined) return true;
  return (
    schema.type === 'string' && schema.enum === undefined && schema.pattern === undefined && schema.format === undefined
  );
};

const convert = (schema: v.GenericSchema, typeMode: 'input' | 'output' = 'input'): Schema => {
  const {$schema: _, ...converted} = toJsonSchema(schema, {errorMode: 'ignore', typeMode}) as Record<string, Json>;
  return tidy(converted) as Schema;
};

// Durations and expressions carry a mark from `format.ts`; every key of a map is a text anyway.
const tidy = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== 'object' || value === null) return value;
  const {[EDITOR]: kind, anyOf, propertyNames: _, ...rest} = value as Schema;
  const entries = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, tidy(inner)]));
  if (kind === 'duration') return {...entries, ...DURATION};
  return {...entries, ...(anyOf === undefined ? {} : {anyOf: tidy(anyOf)})};
};
