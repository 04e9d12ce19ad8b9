import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import dockerInfo from '../../steps/docker-info.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, step} from '../docker-rig.ts';

const test = suite('docker.info');
const withEngine = engineTest(test);

withEngine(
  'tells the version of the engine and the state of its swarm, in words of docker info',
  dockerTest(async (rig) => {
    const look = step(dockerInfo, {});

    const outputs = await look.run(rig.context());

    assert.is(outputs.serverVersion, await docker(rig, `info -f '{{.ServerVersion}}'`));
    assert.is(outputs.swarm, 'inactive');
    assert.is(outputs.nodes, 0);
    const {stdout} = await rig.sh(look.command(rig.context()));
    for (const line of rig.printed().trim().split('\n').slice(2)) assert.match(stdout, line.trim());
  }),
);

test.run();
