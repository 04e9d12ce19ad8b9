import {readFileSync, writeFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';
import {chain} from './resume-chain.ts';

const test = suite('resume: which run');

test(
  'goes on with a superseded run, and with one whose undo failed, when it is named',
  rigTest(async (rig) => {
    const {upgrade, drain} = await chain(rig);
    upgrade.failure = 'no';
    const {run} = await rig.run();
    drain.undoFailure = 'no';
    assert.equal(
      (await rig.undo()).failed.map(({step}) => step),
      ['drain'],
    );
    await rejects(rig.resume(), 'nothing-to-resume');

    assert.is((await rig.resume({run})).outcome, 'failed');
    upgrade.failure = undefined;
    assert.ok((await rig.resume()).ok, 'it is unfinished again');
  }),
);

test(
  'closes an older run that a kill kept from being closed',
  rigTest(async (rig) => {
    const work = rig.step('work');
    await rig.runbook('  - {id: work, uses: work}\n');
    work.failure = 'no';
    const first = await rig.run();
    const second = await rig.run();
    const older = rig.journalFile(first.run);
    writeFileSync(older, readFileSync(older, 'utf8').replace(/.*run-superseded.*\n$/, ''));
    work.failure = undefined;

    const resumed = await rig.resume();

    assert.is(resumed.run, second.run);
    await rejects(rig.resume(), 'nothing-to-resume');
  }),
);

test(
  'leaves an older run open that was gone on with later',
  rigTest(async (rig) => {
    const work = rig.step('work');
    await rig.runbook('  - {id: work, uses: work}\n');
    work.failure = 'no';
    const first = await rig.run();
    const second = await rig.run();
    await rig.resume({run: first.run});
    work.failure = undefined;

    assert.ok((await rig.resume({run: second.run})).ok);

    assert.is((await rig.resume()).run, first.run);
  }),
);

test.run();
