import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import servicePs from '../../steps/service-ps.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, step} from '../docker-rig.ts';
import {formSwarm, joinAll, type SwarmNode, startNodes, startService, swarmTest} from '../swarm-rig.ts';

const test = suite('service.ps');
const withEngine = engineTest(test);

const words = (text: string): string =>
  text
    .replace(/(?:\d+|about an?|less than a) (?:second|minute)s? ago/gi, 'AGO')
    .replace(/[.…]*"/g, '"')
    .replace(/ {2,}/g, '  ')
    .replace(/ +$/gm, '');

withEngine(
  'lists what its command line lists, as the same table',
  swarmTest(async (rig) => {
    const node = await formSwarm(rig);
    const publish = '--publish mode=host,published=18091,target=80 --endpoint-mode dnsrr';
    await startService(rig, rig.unique, `${publish} -e A=1`);
    await docker(rig, `service update -q --env-add A=2 ${rig.unique}`);
    const one = step(servicePs, {name: rig.unique});

    const {tasks, running, nodes, addresses, spread} = await one.run(rig.context());

    const {stdout} = await rig.sh(`${one.command(rig.context())} --no-trunc`);
    const shown = stdout.replace(/\b([a-z0-9]{12})[a-z0-9]{13}\b/g, '$1');
    // the engine tells each port twice, for IPv4 and IPv6
    assert.is(words(rig.printed()), words(shown.replace(/(\*:\S+\/tcp),\1/g, '$1')));
    assert.equal([running, nodes, addresses, spread], [1, [node], ['127.0.0.1'], {[node]: 1}]);
    assert.equal(
      tasks.map(({state, desired, ports}) => [state, desired, ports]),
      [
        ['running', 'running', '*:18091->80/tcp'],
        ['shutdown', 'shutdown', ''],
      ],
    );
    await rig.proveOutputs(servicePs, one.options, {tasks, running, nodes, addresses, spread});
  }),
);

withEngine(
  'tells how tasks are spread over the nodes',
  swarmTest(async (rig) => {
    const nodes = (await startNodes(rig, ['swarm-master', 'swarm-agent-00'])) as [SwarmNode];
    await joinAll(rig, nodes);
    const [master] = nodes;
    await startService(rig, 'web', '--replicas 4', master.env);

    const found = await step(servicePs, {name: 'web'}).run(rig.context({env: master.env}));

    assert.equal(found.spread, {'swarm-master': 2, 'swarm-agent-00': 2});
    assert.equal(found.nodes, ['swarm-agent-00', 'swarm-master']);
    assert.equal(found.addresses, ['10.213.77.1', '10.213.77.2']);
  }),
);

withEngine(
  'says so where there is no such service',
  swarmTest(async (rig) => {
    await formSwarm(rig);
    const error = await failureOf(step(servicePs, {name: 'nobody'}).run(rig.context()));
    assert.is(error.message, 'the swarm has no service "nobody"');
  }),
);

test.run();
