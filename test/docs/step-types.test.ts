import {writeFileSync} from 'node:fs';
import {test} from 'uvu';
import * as assert from 'uvu/assert';
import {projectFile, readProject, tableUnder} from './blocks.ts';
import {allTypes, stepTypesPage} from './step-types-page.ts';

const FILE = 'docs/step-types.md';

test('docs/step-types.md says what the step types say; UPDATE=1 writes it anew', async () => {
  const page = await stepTypesPage();
  if (process.env.UPDATE === '1') writeFileSync(projectFile(FILE), page);
  const written = readProject(FILE).split('\n');
  const stale = page.split('\n').find((line, index) => line !== written[index]);
  assert.ok(readProject(FILE) === page, `not current, write it anew with UPDATE=1; the first difference: ${stale}`);
});

test('every step type has an example', async () => {
  const sections = (await stepTypesPage()).split('\n## ').slice(1);
  for (const section of sections) assert.match(section, /```yaml\n- id: /, section.split('\n')[0]);
});

test('every option and every output has a type', async () => {
  assert.not.match(await stepTypesPage(), /\| (undefined|\[object Object\]) \|/);
});

test('the README lists every step type with its effect', () => {
  const rows = tableUnder(readProject('README.md'), 'step type');
  const listed = rows.map(([name, effect]) => `${name} ${effect}`);
  assert.equal(
    listed,
    allTypes.map(({name, effect}) => `${name} ${effect}`),
  );
});

test.run();
