import {test} from 'uvu';
import * as assert from 'uvu/assert';
import {parse} from 'yaml';
import {requirements} from '../../cli/doctor/doctor.ts';
import {fileSchema, inputSchema, stepSchema} from '../../engine/format.ts';
import {blocksOf, readProject, tableUnder} from './blocks.ts';
import {asFile} from './example-file.ts';

const document = readProject('docs/writing-runbooks.md');

const keysUnder = (heading: string): string[] =>
  tableUnder(document.split(`\n## ${heading}\n`)[1] ?? '', 'key').map(([key = '']) => key);

for (const [heading, schema] of [
  ['The file', fileSchema],
  ['Inputs', inputSchema],
  ['A step', stepSchema],
] as const)
  test(`docs/writing-runbooks.md has every key of "${heading}", and no other`, () => {
    assert.equal(keysUnder(heading).sort(), Object.keys(schema.entries).sort());
  });

test('docs/writing-runbooks.md names everything that a runbook may require', () => {
  const row = tableUnder(document, 'key').find(([key]) => key === 'requires')?.[1] ?? '';
  for (const name of Object.keys(requirements)) assert.ok(row.includes(name), name);
});

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

const published = JSON.parse(readProject('docs/runbook.schema.json')) as Schema & {
  readonly definitions: Readonly<Record<string, Schema>>;
};

/** Every key that a schema has, as `steps[].retry.delay`; of options each step type's page tells. */
const keysOf = (schema: Schema, path = ''): string[] => {
  if (schema.$ref !== undefined) return keysOf(published.definitions[schema.$ref.split('/').at(-1) ?? ''] ?? {}, path);
  const {properties = {}, additionalProperties, items, anyOf = []} = schema;
  return [
    ...Object.entries(properties).flatMap(([key, one]) => {
      const own = path === '' ? key : `${path}.${key}`;
      return [own, ...(key === 'with' ? [] : keysOf(one, own))];
    }),
    ...(typeof additionalProperties === 'object' ? keysOf(additionalProperties, `${path}.*`) : []),
    ...(items === undefined ? [] : keysOf(items, `${path}[]`)),
    ...anyOf.flatMap((one) => keysOf(one, path)),
  ];
};

/** The keys in a value, with the names that the author chose as `*`. */
const keysIn = (value: unknown, known: ReadonlySet<string>, path = ''): string[] => {
  if (Array.isArray(value)) return value.flatMap((one) => keysIn(one, known, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => {
    const named = path === '' ? key : `${path}.${key}`;
    const own = known.has(named) ? named : `${path}.*`;
    return [own, ...(key === 'with' ? [] : keysIn(one, known, own))];
  });
};

const keys = new Set(keysOf(published));
const examples = blocksOf(document).filter(({language, mark}) => language === 'yaml' && !mark.startsWith('wrong'));

test('docs/writing-runbooks.md names every key of the JSON Schema, and has an example of it', () => {
  const used = new Set(examples.flatMap((block) => keysIn(parse(asFile(block).content, {merge: true}), keys)));

  assert.ok(keys.size > 50, [...keys].join(' '));
  for (const key of keys) {
    const word = key.split('.').at(-1) ?? '';
    assert.match(document, new RegExp(`\`(\\w+: )?\\{?${word}\\b`), key);
    if (!/\.on$/.test(key)) assert.ok(used.has(key), `no example has ${key}`);
  }
});

test('docs/writing-runbooks.md ends with a runbook that has all of them, and is run', () => {
  const tour = examples.find(({mark}) => mark.startsWith('runbook tour'));
  const used = new Set(keysIn(parse(tour?.text ?? ''), keys));

  assert.equal(
    [...keys].filter((key) => !used.has(key) && !/\.on$/.test(key)),
    [],
  );
});

test.run();
