import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import members from '../../steps/consul-members.ts';
import {consulAgent, consulTest} from '../consul-agent.ts';
import {stepTest} from '../step-rig.ts';
import {hasTools} from '../tools.ts';

const test = suite('consul.members');
const withConsul = consulTest(test);
const typed = hasTools('curl', 'jq') ? withConsul : test.skip;

const given = (options: v.InferInput<typeof members.options>) => v.parse(members.options, options);

withConsul(
  'reads who is there, and prints the table of `consul members`',
  stepTest(async (rig) => {
    const {address} = await consulAgent();
    const name = `node-${new URL(address).port}`;

    const result = await members.run(given({address}), rig.context());

    assert.equal(result.members, [
      {name, address: '127.0.0.1', status: 'alive', type: 'server', build: '1.8.7', dc: 'dc1'},
    ]);
    assert.equal([result.names, result.alive], [[name], [name]]);
    assert.match(
      rig.printed(),
      /^Node +Address +Status +Type +Build +Protocol +DC\nnode-\d+ +127\.0\.0\.1:\d+ +alive +server +1\.8\.7 +2 +dc1\n$/,
    );
  }),
);

typed(
  'the command and the renderings of outputs see the same',
  stepTest(async (rig) => {
    const {address} = await consulAgent();
    const options = given({address});
    const result = await members.run(options, rig.context());

    const typed = await rig.sh(members.command(options, rig.context()));

    assert.is(JSON.parse(typed.stdout)[0].Name, result.names[0]);
    await rig.proveOutputs(members, options, result);
  }),
);

test(
  'the command can be that of a container',
  stepTest(async (rig) => {
    const options = given({container: 'consul-client1'});

    assert.is(members.command(options, rig.context()), 'docker exec consul-client1 consul members');
    assert.is(
      members.command(options, rig.context({on: 'far'})),
      'docker --context far exec consul-client1 consul members',
    );
  }),
);

withConsul(
  'tells of changes',
  stepTest(async (rig) => {
    const {address} = await consulAgent();

    const change = await members.changes?.(given({address}), rig.context())[Symbol.asyncIterator]().next();

    assert.is(change?.done, false);
  }),
);

test.run();
