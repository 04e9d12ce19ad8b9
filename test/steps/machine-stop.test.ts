import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import machineInspect from '../../steps/machine-inspect.ts';
import machineStop from '../../steps/machine-stop.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, step} from '../docker-rig.ts';
import {contextOf, machine, machineTest} from '../machine-rig.ts';

const test = suite('machine.stop');
const withEngine = engineTest(test);

withEngine(
  'stops a machine that keeps its address, and undo starts it again',
  machineTest(async (rig) => {
    const {name, ip} = await machine(rig).run(rig.context());
    const stop = step(machineStop, {name});
    assert.not.ok((await stop.verdict(rig.context())).ok);
    await stop.prove(rig);
    const seen = await step(machineInspect, {name}).run(rig.context());
    assert.equal([seen.state, seen.version, seen.ip], ['stopped', '', ip]);
    await docker(rig, `start ${name}`);
    const context = contextOf(rig, 'stop');
    await stop.run(context);

    await stop.undo(context);

    assert.is(await docker(rig, `--context ${name} info --format '{{.Name}}'`), name);
    assert.ok((await machine(rig).verdict(rig.context())).ok);
  }),
);

test.run();
