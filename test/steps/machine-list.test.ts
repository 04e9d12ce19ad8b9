import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import machineList from '../../steps/machine-list.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, step} from '../docker-rig.ts';
import {contextOf, machine, machineTest} from '../machine-rig.ts';

const test = suite('machine.list');
const withEngine = engineTest(test);

withEngine(
  'tells which engine answers where',
  machineTest(async (rig) => {
    const made = await Promise.all(['m1', 'm2'].map((each) => machine(rig, each).run(contextOf(rig, each))));
    const [first, second] = made.map(({name}) => name);
    await docker(rig, `stop -t 30 ${second}`);

    const {machines, names} = await step(machineList, {}).run(rig.context());

    assert.equal(
      names.filter((name) => name.startsWith(rig.unique)),
      [first, second],
    );
    const [one, two] = machines.filter(({name}) => name.startsWith(rig.unique));
    assert.equal([one?.state, one?.url, one?.driver], ['running', made[0]?.url, 'docker']);
    assert.match(one?.version ?? '', /^\d+\./);
    assert.equal([two?.state, two?.version], ['stopped', '']);
    assert.match(rig.printed(), new RegExp(`^${first} +docker +Running +tcp://.* +v\\d`, 'm'));
  }),
);

test.run();
