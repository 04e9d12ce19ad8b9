import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import machineInspect from '../../steps/machine-inspect.ts';
import {engineTest} from '../docker-engine.ts';
import {failureOf, step} from '../docker-rig.ts';
import {contextOf, machine, machineTest} from '../machine-rig.ts';

const test = suite('machine.inspect');
const withEngine = engineTest(test);

withEngine(
  'tells where a machine is and which engine answers, and that there is none',
  machineTest(async (rig) => {
    const made = await machine(rig).run(contextOf(rig, 'm1'));

    const seen = await step(machineInspect, {name: made.name}).run(rig.context());

    assert.equal([seen.state, seen.ip, seen.url], ['running', made.ip, made.url]);
    assert.match(seen.version, /^\d+\./);
    const missing = await failureOf(step(machineInspect, {name: `${rig.unique}-none`}).run(rig.context()));
    assert.match(missing.message, /there is no machine/);
  }),
);

test.run();
