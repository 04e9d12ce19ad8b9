import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import leader from '../../steps/consul-leader.ts';
import {consulAgent, consulTest, startConsul} from '../consul-agent.ts';
import {stepTest} from '../step-rig.ts';
import {hasTools} from '../tools.ts';

const test = suite('consul.leader');
const withConsul = consulTest(test);
const typed = hasTools('curl', 'jq') ? withConsul : test.skip;

const given = (options: v.InferInput<typeof leader.options>) => v.parse(leader.options, options);

typed(
  'reads the leader and its peers',
  stepTest(async (rig) => {
    const {address} = await consulAgent();
    const options = given({address});

    const result = await leader.run(options, rig.context());

    assert.match(result.leader, /^127\.0\.0\.1:\d+$/);
    assert.equal(result.peers, [result.leader]);
    await rig.proveOutputs(leader, options, result);
    assert.is((await rig.sh(leader.command(options, rig.context()))).stdout.trim(), rig.printed().trim());
  }),
);

withConsul(
  'no leader is an empty text, not a failure',
  stepTest(async (rig) => {
    const server = await startConsul(['-server', '-bootstrap-expect=3']);
    rig.cleanup(server.stop);
    const client = await startConsul([]);
    rig.cleanup(client.stop);

    const ofServer = await leader.run(given({address: server.address}), rig.context());
    const ofClient = await leader.run(given({address: client.address}), rig.context());

    assert.is(ofServer.leader, '');
    assert.equal(ofClient, {leader: '', peers: []});
  }),
);

test(
  'no agent at all is one',
  stepTest(async (rig) => {
    const error = await leader.run(given({address: 'http://127.0.0.1:1'}), rig.context()).catch((e) => e);

    assert.is(error.details.code, 'consul-unreachable');
  }),
);

test.run();
