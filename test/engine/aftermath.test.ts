import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {aftermathOf} from '../../engine/aftermath.ts';
import {rigTest} from '../rig.ts';

const test = suite('aftermath of a kill');

const TWO = '  - {id: net, uses: net}\n  - {id: web, uses: web}\n';

test(
  'tells a step that was adopted from one that acted after the kill',
  rigTest(async (rig) => {
    for (const name of ['net', 'web']) rig.step(name);
    await rig.runbook(TWO);
    await rig.run();
    const started = rig.journal().findIndex((entry) => entry.type === 'step-started' && entry.step === 'web') + 1;

    rig.crash(started, true);
    await rig.resume();
    assert.equal(aftermathOf(rig.journal(), 'web'), {checkpointed: ['net'], how: 'adopted', acted: false, twice: []});

    rig.crash(started, false);
    await rig.resume();
    assert.equal(aftermathOf(rig.journal(), 'web'), {checkpointed: ['net'], how: 'ran', acted: true, twice: []});
  }),
);

test(
  'names a step that was finished and acted again, and why',
  rigTest(async (rig) => {
    for (const name of ['net', 'web']) rig.step(name);
    await rig.runbook(TWO);
    await rig.run();
    rig.crash(rig.journal().length - 2, true);
    rig.world.delete('net');

    await rig.resume();

    const {twice} = aftermathOf(rig.journal(), 'web');
    assert.equal(
      twice.map(({step}) => step),
      ['net'],
    );
    assert.match(twice[0]?.why ?? '', 'drifted: ');
  }),
);

test(
  'of a run that was not resumed tells what was finished',
  rigTest(async (rig) => {
    for (const name of ['net', 'web']) rig.step(name);
    await rig.runbook(TWO);
    await rig.run();
    rig.crash(3, true);

    assert.equal(aftermathOf(rig.journal(), 'web'), {checkpointed: ['net'], how: undefined, acted: false, twice: []});
  }),
);

test.run();
