import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import nodes from '../../steps/consul-nodes.ts';
import {consulAgent, consulTest, startConsul} from '../consul-agent.ts';
import {serve} from '../http-server.ts';
import {stepTest} from '../step-rig.ts';
import {hasTools} from '../tools.ts';

const test = suite('consul.nodes');
const withConsul = consulTest(test);
const typed = hasTools('curl', 'jq') ? withConsul : test.skip;

const given = (options: v.InferInput<typeof nodes.options>) => v.parse(nodes.options, options);

withConsul(
  'reads the nodes of the catalog',
  stepTest(async (rig) => {
    const {address} = await consulAgent();

    const result = await nodes.run(given({address}), rig.context());

    const name = `node-${new URL(address).port}`;
    assert.equal(result.nodes, [{name, address: '127.0.0.1'}]);
    assert.equal(result.names, [name]);
    assert.is(result.json[0].Datacenter, 'dc1');
    assert.equal(JSON.parse(rig.printed()), result.json);
  }),
);

typed(
  'the command and the renderings of outputs see the same',
  stepTest(async (rig) => {
    const {address} = await consulAgent();
    const options = given({address, datacenter: 'dc1', stale: true});
    const result = await nodes.run(options, rig.context());

    const typed = await rig.sh(nodes.command(options, rig.context()));

    assert.equal(JSON.parse(typed.stdout), result.json);
    await rig.proveOutputs(nodes, options, result);
  }),
);

test('the command is the line of the tutorial', () => {
  const site = {on: undefined, dir: '/', cwd: '/'};

  assert.is(
    nodes.command(given({address: 'http://localhost:8500'}), site),
    'curl -fsS http://localhost:8500/v1/catalog/nodes',
  );
});

withConsul(
  'while there is no leader it says so, with what to do',
  stepTest(async (rig) => {
    const agent = await startConsul(['-server', '-bootstrap-expect=3']);
    rig.cleanup(agent.stop);

    const error = await nodes.run(given({address: agent.address}), rig.context()).catch((e) => e);

    assert.is(error.message, `the Consul cluster at ${agent.address} has no leader: too few of its servers answer`);
    assert.is(error.details.found, 'No cluster leader');
    assert.match(error.details.next, 'start servers');
    assert.is(error.details.code, 'consul-unreachable');
  }),
);

withConsul(
  'tells of a change within moments, by a blocking query',
  stepTest(async (rig) => {
    const agent = await startConsul();
    rig.cleanup(agent.stop);
    const stop = new AbortController();
    const context = rig.context({signal: stop.signal});
    const changes = nodes.changes?.(given({address: agent.address}), context)[Symbol.asyncIterator]();
    await changes?.next();
    const register = () =>
      fetch(`${agent.address}/v1/catalog/register`, {
        method: 'PUT',
        body: JSON.stringify({Node: 'elsewhere', Address: '192.0.2.1'}),
      });

    const registered = setTimeout(register, 700);
    const names: string[] = [];
    while (!names.includes('elsewhere')) {
      await changes?.next();
      names.push(...(await nodes.run(given({address: agent.address}), context)).names);
    }
    setTimeout(() => stop.abort(), 100);
    while (!(await changes?.next())?.done);

    clearTimeout(registered);
  }),
);

test(
  'an agent that comes later is a change',
  stepTest(async (rig) => {
    let up = false;
    const {url} = await serve(rig, (_, response) => {
      if (!up) return response.destroy();
      return response.writeHead(200, {'content-type': 'application/json', 'x-consul-index': '7'}).end('[]');
    });
    const changes = nodes.changes?.(given({address: url}), rig.context())[Symbol.asyncIterator]();
    setTimeout(() => {
      up = true;
    }, 300);

    const change = await changes?.next();

    assert.ok(up && change?.done === false);
  }),
);

test.run();
