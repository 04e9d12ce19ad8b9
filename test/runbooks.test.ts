import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Runbook} from '../engine/index.ts';
import {loadShipped, planOffline, shipped} from './shipped.ts';

const test = suite('runbooks');

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
  assert.ok(shipped.length > 0);
});

for (const name of shipped) {
  test(`${name} loads, and says in words what it and each of its steps is for`, async () => {
    const {title, about, steps} = await loadShipped(name);

    assert.ok(title !== '' && about !== undefined);
    for (const step of steps) assert.ok(step.title !== undefined, `step ${step.id} has no title`);
  });

  test(`${name} plans, where nothing can be reached too`, async () => {
    const runbook = await loadShipped(name);
    const {steps, left} = await planOffline(runbook, neededBy(runbook));

    assert.ok(steps.length >= runbook.steps.length);
    for (const {key, command} of steps) assert.ok(command !== '', `step ${key} has no command`);
    assert.equal(left, []);
  });

  test(`${name} tells the editor where its schema is`, async () => {
    assert.match((await loadShipped(name)).text, /^# yaml-language-server: \$schema=\S+/m);
  });
}

test.run();
