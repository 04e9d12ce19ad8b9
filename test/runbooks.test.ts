import {existsSync, readdirSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {requirements} from '../cli/doctor/doctor.ts';
import {loadRunbook, type Runbook} from '../engine/index.ts';
import {registry} from '../steps/index.ts';
import {planOffline} from './plan-offline.ts';

const test = suite('runbooks');

const folder = fileURLToPath(new URL('../runbooks', import.meta.url));
const files = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.yaml'));

const load = (name: string): Promise<Runbook> =>
  loadRunbook(join(folder, name), {
    registry,
    requirements: Object.keys(requirements),
    find: async (child, from) =>
      [join(dirname(from), `${child}.yaml`), join(folder, `${child}.yaml`)].find((file) => existsSync(file)),
  });

/** Something for each input that has to be given. */
const neededBy = ({inputs}: Runbook): Record<string, string> =>
  Object.fromEntries(
    [...inputs.values()]
      .filter((input) => input.default === undefined)
      .map(({name, choices, type, minimum}) => [
        name,
        String(choices?.[0] ?? (type === 'string' ? 'example' : (minimum ?? 1))),
      ]),
  );

test('are there', () => {
  assert.ok(files.length > 0);
});

for (const name of files) {
  test(`${name} loads, and says in words what it and each of its steps is for`, async () => {
    const {title, about, steps} = await load(name);

    assert.ok(title !== '' && about !== undefined);
    for (const step of steps) assert.ok(step.title !== undefined, `step ${step.id} has no title`);
  });

  test(`${name} plans, where nothing can be reached too`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'runbook-plan-'));
    try {
      const runbook = await load(name);
      const plan = await planOffline(runbook, dir, neededBy(runbook));

      assert.ok(plan.steps.length >= runbook.steps.length);
      for (const {key, command} of plan.steps) assert.ok(command !== '', `step ${key} has no command`);
      assert.equal(readdirSync(dir), []);
    } finally {
      await rm(dir, {recursive: true, force: true});
    }
  });

  test(`${name} tells the editor where its schema is`, async () => {
    assert.match((await load(name)).text, /^# yaml-language-server: \$schema=\S+/m);
  });
}

test.run();
