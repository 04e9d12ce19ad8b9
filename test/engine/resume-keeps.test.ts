import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {FakeStep} from '../fake-step.ts';
import {type Rig, rigTest} from '../rig.ts';

const test = suite('resume: what is kept');

test(
  'keeps a step without a check, and shows it as such',
  rigTest(async (rig) => {
    const shell = rig.step('sh', {effect: 'repeatable'});
    const web = rig.step('web');
    web.failure = 'no';
    await rig.runbook('  - {id: build, uses: sh}\n  - {id: web, uses: web}\n');
    await rig.run();

    web.failure = undefined;
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    assert.is(shell.runs, 1);
    assert.is((await rig.standings()).build, 'no-check');
  }),
);

test(
  'does not repair what was meant to hold only until a later step began',
  rigTest(async (rig) => {
    const kill = rig.step('kill');
    const restart = rig.step('restart');
    const last = rig.step('last');
    restart.during = () => rig.world.delete('kill');
    last.failure = 'no';
    await rig.runbook(
      '  - {id: kill, uses: kill, until: restart}\n  - {id: restart, uses: restart}\n  - {id: last, uses: last}\n',
    );
    await rig.run();

    last.failure = undefined;
    assert.is((await rig.standings()).kill, 'superseded');
    assert.is((await rig.status()).drifted, false);
    assert.ok((await rig.resume()).ok);

    assert.is(kill.runs, 1);
  }),
);

test(
  'repairs it as long as that step has not begun',
  rigTest(async (rig) => {
    const kill = rig.step('kill');
    const restart = rig.step('restart');
    await rig.runbook('  - {id: kill, uses: kill, until: restart}\n  - {id: restart, uses: restart}\n');
    await rig.run({until: 'kill'});
    rig.world.delete('kill');

    assert.ok((await rig.resume()).ok);

    assert.is(kill.runs, 2);
    assert.is(restart.runs, 1);
  }),
);

const TIDY = `
  - {id: work, uses: work}
  - {id: maybe, uses: work, when: 'false'}
  - {id: tidy, uses: tidy, always: true}
`;

/** Kills a run at its very end, when its `always` step has tidied up. */
const tidiedUp = async (rig: Rig): Promise<FakeStep> => {
  rig.step('work');
  const tidy = rig.step('tidy', {effect: 'repeatable'});
  await rig.runbook(TIDY);
  await rig.run();
  rig.crash(rig.journal().length - 1, true);
  return tidy;
};

test(
  'keeps an `always` step that has tidied up when nothing is done again before it',
  rigTest(async (rig) => {
    const tidy = await tidiedUp(rig);
    assert.is((await rig.standings()).tidy, 'no-check');

    assert.ok((await rig.resume()).ok);

    assert.is(tidy.runs, 1);
  }),
);

test(
  'does an `always` step again after what is done again',
  rigTest(async (rig) => {
    const tidy = await tidiedUp(rig);
    rig.world.delete('work');
    assert.is((await rig.standings()).tidy, 'pending');

    assert.ok((await rig.resume()).ok);

    assert.is(tidy.runs, 2);
  }),
);

test.run();
