import {test} from 'uvu';
import * as assert from 'uvu/assert';
import {requirements} from '../../cli/doctor/doctor.ts';
import {fileSchema, inputSchema, stepSchema} from '../../engine/format.ts';
import {readProject, tableUnder} from './blocks.ts';

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

test.run();
