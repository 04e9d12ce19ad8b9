import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import service from '../../steps/consul-service.ts';
import {consulAgent, consulTest} from '../consul-agent.ts';
import {type StepRig, stepTest} from '../step-rig.ts';
import {hasTools} from '../tools.ts';

const test = suite('consul.service');
const withConsul = consulTest(test);
const typed = hasTools('curl', 'jq') ? withConsul : test.skip;

const given = (options: v.InferInput<typeof service.options>) => v.parse(service.options, options);

/** Two instances: one passing with a tag and an address, one critical on the node's address. */
const twoInstances = async (rig: StepRig) => {
  const {address} = await consulAgent();
  const put = (body: object) =>
    fetch(`${address}/v1/agent/service/register`, {method: 'PUT', body: JSON.stringify(body)});
  const name = rig.unique;
  await put({ID: `${name}-1`, Name: name, Address: '192.0.2.7', Port: 80, Tags: ['blue/green']});
  await put({ID: `${name}-2`, Name: name, Port: 81, Check: {TTL: '1h', Status: 'critical'}});
  rig.cleanup(async () => {
    for (const id of [1, 2]) await fetch(`${address}/v1/agent/service/deregister/${name}-${id}`, {method: 'PUT'});
  });
  return {address, name, node: `node-${new URL(address).port}`};
};

withConsul(
  'reads where the instances are and how they are',
  stepTest(async (rig) => {
    const {address, name, node} = await twoInstances(rig);

    const result = await service.run(given({address, name}), rig.context());

    assert.equal(result, {
      addresses: ['127.0.0.1', '192.0.2.7'],
      instances: [
        {id: `${name}-1`, node, address: '192.0.2.7', port: 80, status: 'passing', tags: ['blue/green']},
        {id: `${name}-2`, node, address: '127.0.0.1', port: 81, status: 'critical', tags: []},
      ],
      passing: 1,
    });
  }),
);

withConsul(
  'can be asked for those that pass, and those with a tag',
  stepTest(async (rig) => {
    const {address, name} = await twoInstances(rig);

    const passing = await service.run(given({address, name, passing: true}), rig.context());
    const tagged = await service.run(given({address, name, tag: 'blue/green'}), rig.context());
    const none = await service.run(given({address, name, tag: 'red'}), rig.context());

    assert.equal(passing.addresses, ['192.0.2.7']);
    assert.equal(tagged.addresses, ['192.0.2.7']);
    assert.equal(none, {addresses: [], instances: [], passing: 0});
  }),
);

withConsul(
  'a service that nobody knows has no instances',
  stepTest(async (rig) => {
    const {address} = await consulAgent();

    assert.equal((await service.run(given({address, name: rig.unique}), rig.context())).addresses, []);
  }),
);

typed(
  'the command and the renderings of outputs see the same',
  stepTest(async (rig) => {
    const {address, name} = await twoInstances(rig);
    for (const more of [{}, {passing: true}, {tag: 'blue/green'}]) {
      const options = given({address, name, ...more});
      const result = await service.run(options, rig.context());

      const typed = await rig.sh(service.command(options, rig.context()));

      assert.is(JSON.parse(typed.stdout).length, result.instances.length);
      await rig.proveOutputs(service, options, result);
    }
  }),
);

withConsul(
  'tells of an instance that begins to pass, without polling',
  stepTest(async (rig) => {
    const {address, name} = await twoInstances(rig);
    const options = given({address, name});
    const changes = service.changes?.(options, rig.context())[Symbol.asyncIterator]();
    await changes?.next();
    setTimeout(() => fetch(`${address}/v1/agent/check/pass/service:${name}-2`, {method: 'PUT'}), 300);

    let passing = 1;
    while (passing < 2) {
      assert.is((await changes?.next())?.done, false);
      passing = (await service.run(options, rig.context())).passing;
    }

    assert.is(passing, 2);
  }),
);

test.run();
