import * as v from 'valibot';

const about = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.pipe(schema, v.description(description));

const scalar = v.union([v.string(), v.number(), v.boolean()]);

/** Marks a schema for the editor's JSON Schema, where it needs to say more than ours. */
export const EDITOR = 'editor';
const forEditor = <Schema extends v.GenericSchema>(schema: Schema, kind: 'duration' | 'expression') =>
  v.pipe(schema, v.metadata({[EDITOR]: kind}));

// Durations and expressions are read later, by code that knows the exact place of a mistake.
const duration = (description: string) => about(forEditor(v.union([v.string(), v.number()]), 'duration'), description);
const expression = (description: string) => about(forEditor(scalar, 'expression'), description);

export const ID = /^[a-z][a-z0-9_]*$/;

const effect = about(
  v.picklist(['reads', 'converges', 'repeatable', 'once']),
  'What the step does to the world, where its type leaves that open: reads changes nothing; repeatable may be done again; once is never repeated unasked',
);
const uses = about(v.string(), 'The step type');
const options = about(v.record(v.string(), v.unknown()), 'Options of the step type');
const run = about(v.string(), 'A shell script; short for `uses: shell` with the option `run`');
const on = about(v.string(), 'The Docker context that this acts on; the name of a machine, for instance');

export const inputSchema = v.strictObject({
  type: v.optional(
    about(
      v.picklist(['string', 'integer', 'number', 'boolean', 'list', 'map']),
      'What the value must be; string when left out',
    ),
  ),
  about: v.optional(about(v.string(), 'What it is for, in one sentence')),
  default: v.optional(about(v.unknown(), 'Its value when none is given; without one, it must be given')),
  minimum: v.optional(about(v.number(), 'The least that a number may be')),
  maximum: v.optional(about(v.number(), 'The most that a number may be')),
  pattern: v.optional(about(v.string(), 'A regular expression that the whole text must match')),
  choices: v.optional(about(v.pipe(v.array(scalar), v.minLength(1)), 'The only values that may be given')),
  secret: v.optional(about(v.boolean(), 'Never shown, never stored')),
});

const actionEntries = {
  uses: v.optional(uses),
  with: v.optional(options),
  run: v.optional(run),
  on: v.optional(on),
};

const verifySchema = v.strictObject({
  ...actionEntries,
  effect: v.optional(about(v.literal('reads'), 'Says that a script under `verify:` changes nothing')),
  expect: v.optional(expression('What must be true of the `result`')),
  within: v.optional(duration('How long `expect` may take to come true')),
});

export const outputSchema = v.union([
  expression('What later steps may read, computed from the `result`'),
  v.strictObject({
    value: expression('What later steps may read, computed from the `result`'),
    secret: v.optional(about(v.boolean(), 'Never shown, never stored; read again on resume')),
  }),
]);

export const stepSchema = v.strictObject({
  id: about(v.string(), 'The name of the step, unique in the file: a letter, then letters, digits and _'),
  title: v.optional(about(v.string(), 'One line for people; shown while it runs')),
  about: v.optional(about(v.string(), 'Why and how, in Markdown, for the tutorial')),
  uses: v.optional(uses),
  with: v.optional(options),
  run: v.optional(run),
  needs: v.optional(
    about(v.array(v.string()), 'Steps that must be done before; the step before when left out; [] starts at once'),
  ),
  when: v.optional(expression('Runs only when this is true')),
  foreach: v.optional(
    about(v.unknown(), 'A list of distinct values or a map: one step each, which reads `item.key` and `item.value`'),
  ),
  on: v.optional(on),
  timeout: v.optional(duration('The most that one attempt may take; 10m when left out')),
  within: v.optional(duration('How long its check may take to come true')),
  retry: v.optional(
    about(
      v.strictObject({
        attempts: about(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)), 'How often at most'),
        delay: v.optional(duration('The pause before the second attempt; 1s when left out')),
        backoff: v.optional(
          about(
            v.pipe(v.number(), v.minValue(1), v.maxValue(100)),
            'How many times longer each pause is than the one before; 1 when left out',
          ),
        ),
      }),
      'What to do when an attempt fails',
    ),
  ),
  expect: v.optional(expression('What must be true of the `result`: what the step type found')),
  verify: v.optional(about(v.array(verifySchema), 'Further checks, by steps that change nothing')),
  outputs: v.optional(
    about(v.record(v.string(), outputSchema), 'What later steps may read beside the outputs of the step type'),
  ),
  undo: v.optional(about(v.strictObject(actionEntries), 'How to take it back, instead of the way of the step type')),
  effect: v.optional(effect),
  until: v.optional(about(v.string(), 'The effect is meant to hold only until this later step begins')),
  always: v.optional(about(v.boolean(), 'Runs after a failure or an interrupt too')),
  check_first: v.optional(about(v.boolean(), 'Its checks suffice to skip it when they hold before it runs')),
});

const envFileSchema = v.strictObject({
  file: about(v.string(), 'The name of the file'),
  secret: v.optional(about(v.boolean(), 'Its variables are secrets: never shown, never stored')),
});

/** The outermost keys of a runbook's file; inputs and steps are looked at one by one. */
export const fileSchema = v.strictObject({
  name: v.optional(about(v.string(), "The file's name without its ending")),
  title: v.optional(about(v.string(), 'One line for people')),
  about: v.optional(about(v.string(), 'What it does and teaches, in Markdown')),
  env: v.optional(
    about(
      v.array(v.union([v.string(), envFileSchema])),
      'Files with variables (dotenv) in the folder env/ beside; later ones win',
    ),
  ),
  requires: v.optional(
    about(v.array(v.string()), 'What must be there before the first step; `runbook doctor` explains it'),
  ),
  inputs: v.optional(about(v.record(v.string(), v.unknown()), 'What the operator may give')),
  steps: about(v.pipe(v.array(v.unknown()), v.minLength(1)), 'The steps, in order'),
});
