import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import machineStart from '../../steps/machine-start.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, step} from '../docker-rig.ts';
import {contextOf, machine, machineTest} from '../machine-rig.ts';

const test = suite('machine.start');
const withEngine = engineTest(test);

withEngine(
  'starts a machine that is stopped, and undo leaves one that ran before',
  machineTest(async (rig) => {
    const {name} = await machine(rig).run(rig.context());
    const start = step(machineStart, {name});
    await docker(rig, `stop -t 30 ${name}`);
    assert.not.ok((await start.verdict(rig.context())).ok);

    await start.prove(rig);

    assert.ok((await machine(rig).verdict(rig.context())).ok);
    const wake = contextOf(rig, 'start');
    await start.run(wake);
    await start.undo(wake);
    assert.ok((await start.verdict(rig.context())).ok, 'it ran before');
  }),
);

test.run();
