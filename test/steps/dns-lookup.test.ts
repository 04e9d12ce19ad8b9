import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import {StepError} from '../../engine/step-type.ts';
import lookup from '../../steps/dns-lookup.ts';
import {consulAgent, consulTest} from '../consul-agent.ts';
import {type StepRig, stepTest} from '../step-rig.ts';
import {hasTools} from '../tools.ts';

const test = suite('dns.lookup');
const withConsul = consulTest(test);
const typed = hasTools('dig') ? withConsul : test.skip;

type Given = v.InferInput<typeof lookup.options>;
const given = (options: Given) => v.parse(lookup.options, options);
const run = (rig: StepRig, options: Given, signal?: AbortSignal) =>
  lookup.run(given(options), rig.context(signal && {signal}));

/** Two instances of a service, of different addresses. */
const registered = async (rig: StepRig) => {
  const {address, dns: server} = await consulAgent();
  const put = (path: string, body?: object) =>
    fetch(`${address}/v1/agent/service/${path}`, {method: 'PUT', ...(body && {body: JSON.stringify(body)})});
  for (const last of [9, 7]) {
    const id = `${rig.unique}-${last}`;
    await put('register', {ID: id, Name: rig.unique, Address: `192.0.2.${last}`, Port: 80 + last, Tags: ['api']});
    rig.cleanup(() => put(`deregister/${id}`));
  }
  return {server, node: `node-${new URL(address).port}`, name: `${rig.unique}.service.consul`};
};

/** The name in a question: labels after the header of 12 bytes, each with its length before it. */
const nameIn = (question: Buffer): string => {
  const labels: string[] = [];
  for (let at = 12, length = question[at] ?? 0; length > 0; at += length + 1, length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length));
  }
  return labels.join('.');
};

/** A DNS server that gives each question the same answer code, or none. */
const faulty = async (rig: StepRig, code: number | undefined, asked: string[] = []): Promise<string> => {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    asked.push(nameIn(question));
    if (code === undefined) return;
    const answer = Buffer.from(question);
    answer[2] = (answer[2] ?? 0) | 0x80;
    answer[3] = code;
    socket.send(answer, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  rig.cleanup(() => socket.close());
  return `127.0.0.1:${socket.address().port}`;
};

const failureOf = async (promise: Promise<unknown>): Promise<StepError> => {
  const error = await promise.catch((reason) => reason);
  assert.instance(error, StepError);
  return error as StepError;
};

withConsul(
  'finds the addresses of a service, sorted',
  stepTest(async (rig) => {
    const {server, name} = await registered(rig);

    const found = await run(rig, {name, server});
    const tagged = await run(rig, {name: `api.${name}`, server});

    assert.equal(found, {
      status: 'NOERROR',
      addresses: ['192.0.2.7', '192.0.2.9'],
      answers: ['192.0.2.7', '192.0.2.9'],
      records: [],
    });
    assert.equal(tagged.addresses, found.addresses);
    assert.is(rig.printed(), '192.0.2.7\n192.0.2.9\n'.repeat(2));
  }),
);

withConsul(
  'finds a node',
  stepTest(async (rig) => {
    const {server, node} = await registered(rig);

    assert.equal((await run(rig, {name: `${node}.node.consul`, server})).addresses, ['127.0.0.1']);
  }),
);

withConsul(
  'finds ports with SRV, and the addresses of the targets',
  stepTest(async (rig) => {
    const {server, name} = await registered(rig);

    const {records, addresses} = await run(rig, {name, server, type: 'SRV'});

    assert.equal(addresses, ['192.0.2.7', '192.0.2.9']);
    assert.equal(
      records.map(({port, address}) => [port, address]),
      [
        [87, '192.0.2.7'],
        [89, '192.0.2.9'],
      ],
    );
  }),
);

withConsul(
  'a name that does not exist is no failure, neither is one without such records',
  stepTest(async (rig) => {
    const {server, node} = await registered(rig);

    const unknown = await run(rig, {name: 'nobody.service.consul', server});
    const without = await run(rig, {name: `${node}.node.consul`, server, type: 'AAAA'});

    assert.equal(unknown, {status: 'NXDOMAIN', addresses: [], answers: [], records: []});
    assert.equal([without.status, without.addresses], ['NOERROR', []]);
  }),
);

withConsul(
  'the server may have a name',
  stepTest(async (rig) => {
    const {server, name} = await registered(rig);

    assert.is((await run(rig, {name, server: server.replace('127.0.0.1', 'localhost')})).status, 'NOERROR');
  }),
);

typed(
  'the command sees the same',
  stepTest(async (rig) => {
    const {server, name, node} = await registered(rig);
    const cases: Given[] = [
      {name, server},
      {name, server, type: 'SRV'},
      {name: `${node}.node.consul`, server, type: 'TXT'},
      {name: '127.0.0.1', server, type: 'PTR'},
      {name: 'nobody.service.consul', server},
    ];
    for (const options of cases) {
      const found = await run(rig, options);
      await rig.proveOutputs(lookup, given(options), found);
    }
  }),
);

test(
  'the command is that of the tutorial',
  stepTest(async (rig) => {
    const line = (options: Given) => lookup.command(given(options), rig.context());

    assert.is(
      line({name: 'consul-server1.node.consul', server: '127.0.0.1:8600'}),
      'dig +short @127.0.0.1 -p 8600 consul-server1.node.consul',
    );
    assert.is(line({name: 'x', server: '[::1]:8600', type: 'SRV'}), 'dig +short @::1 -p 8600 x SRV');
    assert.is(line({name: 'x', server: 'ns1'}), 'dig +short @ns1 x');
    assert.is(line({name: 'x'}), 'dig +short x');
    assert.is(line({name: '192.0.2.1', type: 'PTR'}), 'dig +short -x 192.0.2.1');
  }),
);

test(
  'a server that fails, refuses, or is not there is named with its reason',
  stepTest(async (rig) => {
    const failing = await faulty(rig, 2);
    const refusing = await faulty(rig, 5);

    const failed = await failureOf(run(rig, {name: 'x.consul', server: failing}));
    const refused = await failureOf(run(rig, {name: 'x.consul', server: refusing}));
    const absent = await failureOf(run(rig, {name: 'x.consul', server: '127.0.0.1:1'}));

    assert.is(failed.message, `cannot look up A of x.consul at the DNS server ${failing}: it answered SERVFAIL`);
    assert.match(refused.message, 'it answered REFUSED');
    assert.match(absent.message, 'it refuses the connection');
    assert.is(absent.details.code, 'dns-failed');
  }),
);

test(
  'PTR of an address asks for the name that stands for it',
  stepTest(async (rig) => {
    const asked: string[] = [];
    const server = await faulty(rig, 3, asked);

    for (const name of ['192.0.2.1', '2001:db8::1', '::1', 'x.example']) await run(rig, {name, server, type: 'PTR'});

    const zeros = (count: number) => '0.'.repeat(count);
    assert.equal(asked, [
      '1.2.0.192.in-addr.arpa',
      `1.${zeros(23)}8.b.d.0.1.0.0.2.ip6.arpa`,
      `1.${zeros(31)}ip6.arpa`,
      'x.example',
    ]);
  }),
);

test(
  'a silent server costs seconds, not minutes',
  stepTest(async (rig) => {
    const server = await faulty(rig, undefined);

    const error = await failureOf(run(rig, {name: 'x.consul', server}));

    assert.match(error.message, 'no answer in time');
  }),
);

test(
  'an abort ends the wait for a silent server at once',
  stepTest(async (rig) => {
    const server = await faulty(rig, undefined);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 100);

    const error = await run(rig, {name: 'x.consul', server}, stop.signal).catch((e) => e);

    assert.is(error.message, 'stopped');
  }),
);

test('a server must be a host, with or without a port', () => {
  for (const server of ['127.0.0.1', 'ns1:53', '[::1]:8600'])
    assert.ok(v.is(lookup.options, {name: 'x', server}), server);
  for (const server of ['', '::1', 'ns1:port', 'a b']) assert.not.ok(v.is(lookup.options, {name: 'x', server}), server);
});

test.run();
