import {readFileSync, writeFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Rig, rejects, rigTest} from '../rig.ts';
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

/** Two runs of one runbook, whose step fails until the test lets it work. */
const failedTwice = async (rig: Rig) => {
  const work = rig.step('work');
  await rig.runbook('  - {id: work, uses: work}\n');
  work.failure = 'no';
  return {work, first: await rig.run(), second: await rig.run()};
};

test(
  'closes an older run that a kill kept from being closed',
  rigTest(async (rig) => {
    const {work, first, second} = await failedTwice(rig);
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
    const {work, first, second} = await failedTwice(rig);
    await rig.resume({run: first.run});
    work.failure = undefined;

    assert.ok((await rig.resume({run: second.run})).ok);

    assert.is((await rig.resume()).run, first.run);
  }),
);

test.run();
