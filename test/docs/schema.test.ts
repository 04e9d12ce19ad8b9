import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {runbookSchema} from '../../engine/json-schema.ts';
import {registry} from '../../steps/index.ts';

const test = suite('the JSON Schema');

test('is current; when not: npm run schema', () => {
  const committed = readFileSync(new URL('../../docs/runbook.schema.json', import.meta.url), 'utf8');

  assert.is(committed, `${JSON.stringify(runbookSchema(registry), null, 2)}\n`);
});

test.run();
