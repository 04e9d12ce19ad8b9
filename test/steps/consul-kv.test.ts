import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import {variable} from '../../engine/sh.ts';
import {PermanentError, type StepContext, StepError} from '../../engine/step-type.ts';
import kv from '../../steps/consul-kv.ts';
import {consulAgent, consulTest} from '../consul-agent.ts';
import {serve} from '../http-server.ts';
import {stepTest} from '../step-rig.ts';

const test = suite('consul.kv');
const withConsul = consulTest(test);

type Given = v.InferInput<typeof kv.options>;
const given = (options: Given) => v.parse(kv.options, options);

/** A key of the test's own, and its value as the agent has it. */
const keyOf = async (unique: string) => {
  const {address} = await consulAgent();
  const url = `${address}/v1/kv/${unique}?raw`;
  const value = async () => {
    const response = await fetch(url);
    return response.ok ? Buffer.from(await response.arrayBuffer()) : undefined;
  };
  const put = async (body: string | Buffer) =>
    void (await fetch(url, {method: 'PUT', body: new Blob([body as never])}));
  return {address, key: unique, value, put};
};

withConsul(
  'sets a key and finds it set',
  stepTest(async (rig) => {
    const {address, key, value} = await keyOf(rig.unique);
    const options = given({address, key, value: 'read only'});
    const before = await kv.verify?.(options, rig.context({remember: async (_, make) => make()}));

    const made = await kv.run(options, rig.context());
    const after = await kv.verify?.(options, rig.context());

    assert.equal(before, {ok: false, expected: '"read only"', found: 'no such key'});
    assert.is(String(await value()), 'read only');
    assert.is(made.previous, null);
    assert.ok(made.index > 0);
    assert.equal(after, {ok: true, outputs: made});
  }),
);

withConsul(
  'undo removes a key that was new, also twice',
  stepTest(async (rig) => {
    const {address, key, value} = await keyOf(rig.unique);
    const options = given({address, key, value: 'x'});
    await kv.run(options, rig.context());

    await kv.undo?.(options, rig.context());
    await kv.undo?.(options, rig.context());

    assert.is(await value(), undefined);
  }),
);

withConsul(
  'undo puts back the value before the first attempt, byte by byte',
  stepTest(async (rig) => {
    const {address, key, value, put} = await keyOf(rig.unique);
    const bytes = Buffer.from([0, 255, 128, 10]);
    await put(bytes);
    const options = given({address, key, value: 'x'});

    await kv.run(options, rig.context());
    const second = await kv.run(options, rig.context({attempt: 2}));
    await kv.undo?.(options, rig.context());

    assert.is(second.previous, bytes.toString());
    assert.ok((await value())?.equals(bytes));
  }),
);

withConsul(
  'removes a key, and undo brings it back',
  stepTest(async (rig) => {
    const {address, key, value, put} = await keyOf(rig.unique);
    await put('old');
    const options = given({address, key, absent: true});

    await kv.run(options, rig.context());
    const gone = await value();
    const verdict = await kv.verify?.(options, rig.context());
    await kv.undo?.(options, rig.context());

    assert.is(gone, undefined);
    assert.equal(verdict, {ok: true, outputs: {previous: 'old', index: 0}});
    assert.is(String(await value()), 'old');
  }),
);

withConsul(
  'undo of what a person typed removes it, of what never happened nothing',
  stepTest(async (rig) => {
    const {address, key, value} = await keyOf(rig.unique);
    const remember: StepContext['remember'] = async (_, make) => make();
    await rig.sh(kv.command(given({address, key, value: 'theirs'}), rig.context()));

    await kv.undo?.(given({address, key, value: 'ours'}), rig.context({remember}));
    const kept = await value();
    await kv.undo?.(given({address, key, value: 'theirs'}), rig.context({remember}));

    assert.is(String(kept), 'theirs');
    assert.is(await value(), undefined);
  }),
);

test('a key that Consul cannot keep is refused by the schema', () => {
  for (const key of ['', '/a', 'a//b', 'a/../b', '.', 'a/.']) {
    assert.not.ok(v.safeParse(kv.options, {key, value: ''}).success, key);
  }
});

test(
  'one of `value` and `absent` must be given',
  stepTest(async (rig) => {
    const failureOf = (options: Given) => kv.run(given(options), rig.context()).catch((error) => error);

    assert.instance(await failureOf({key: 'x'}), PermanentError);
    assert.instance(await failureOf({key: 'x', value: '', absent: true}), PermanentError);
  }),
);

test(
  'an agent that is away is named with its address and what to do',
  stepTest(async (rig) => {
    const error = await kv
      .run(given({key: 'x', value: '', address: 'http://127.0.0.1:1'}), rig.context())
      .catch((e) => e);

    assert.instance(error, StepError);
    assert.is(error.message, 'no Consul agent answers at http://127.0.0.1:1: connection refused');
    assert.is(error.details.code, 'consul-unreachable');
    assert.match(error.details.next, 'start the agent');
  }),
);

test(
  'an agent that is broken is quoted, one that denies is not asked again',
  stepTest(async (rig) => {
    const answers = [
      [500, 'stream error'],
      [403, 'Permission denied'],
    ] as const;
    let next = 0;
    const {url} = await serve(rig, (_, response) => {
      const [status, body] = answers[next++] ?? [200, ''];
      response.writeHead(status, {'content-type': 'text/plain'}).end(body);
    });
    const failureOf = () => kv.run(given({key: 'x', value: '', address: url}), rig.context()).catch((error) => error);

    const broken = await failureOf();
    const denied = await failureOf();

    assert.is(broken.message, `Consul at ${url} answered 500: stream error`);
    assert.not.instance(broken, PermanentError);
    assert.instance(denied, PermanentError);
  }),
);

test(
  'an abort ends a request that hangs, at once',
  stepTest(async (rig) => {
    const {url} = await serve(rig, () => {});
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 100);

    const error = await kv
      .run(given({key: 'x', value: '', address: url}), rig.context({signal: stop.signal}))
      .catch((e) => e);

    assert.is(error.message, 'stopped');
  }),
);

withConsul(
  'a token goes by header, and never stands in an argument of the command',
  stepTest(async (rig) => {
    const {url, asked} = await serve(rig, (_, response) =>
      response.setHeader('content-type', 'application/json').end('true'),
    );
    const options = given({key: 'x', value: 'v', address: url, token: 's3cret'});

    await kv.run(options, rig.context()).catch(() => undefined);
    const line = kv.command({...options, token: variable('TOKEN')}, rig.context());
    await rig.sh(line, {TOKEN: 's3cret'});

    assert.is(line, `printf '%s\\n' 'X-Consul-Token: '"$TOKEN" | curl -fsS -X PUT -H @- --data-raw v ${url}/v1/kv/x`);
    assert.equal([...new Set(asked.map((one) => one.headers['x-consul-token']))], ['s3cret']);
  }),
);

withConsul(
  'any value is set exactly by the command, and its check agrees',
  stepTest(async (rig) => {
    const {address, key} = await keyOf(rig.unique);
    const texts = fc.oneof(
      fc.string({unit: 'binary'}),
      fc.constantFrom('@/etc/passwd', '', '\n\n', '-n', "a  b'  c", 'a\0b', '%s'),
    );

    await fc.assert(
      fc.asyncProperty(texts, async (value) => {
        const options = given({address, key, value});
        await rig.proveCommand(kv, options);
        const check = kv.shell?.check?.(options, rig.context()) ?? '';
        assert.is((await rig.sh(check)).code, 0, check);
        const other = kv.shell?.check?.({...options, value: `${value}.`}, rig.context()) ?? '';
        assert.is.not((await rig.sh(other)).code, 0, other);
      }),
      {numRuns: 50},
    );
  }),
);

withConsul(
  'the command removes, too',
  stepTest(async (rig) => {
    const {address, key, put} = await keyOf(rig.unique);
    await put('x');
    const options = given({address, key, absent: true});
    const check = kv.shell?.check?.(options, rig.context()) ?? '';
    const before = await rig.sh(check);

    await rig.proveCommand(kv, options);

    assert.is.not(before.code, 0);
    assert.is((await rig.sh(check)).code, 0);
  }),
);

withConsul(
  'the command finds keys with odd names',
  stepTest(async (rig) => {
    const {address} = await consulAgent();
    for (const name of ['a b/c', 'folder/', "it's", '.a/..b/c.', 'ü?x=1&y#z', '50%']) {
      await rig.proveCommand(kv, given({address, key: `${rig.unique}/${name}`, value: name}));
    }
  }),
);

test.run();
