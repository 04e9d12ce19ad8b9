import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import {variable} from '../../engine/sh.ts';
import {type StepContext, StepError} from '../../engine/step-type.ts';
import get from '../../steps/http-get.ts';
import {serve} from '../http-server.ts';
import {stepTest} from '../step-rig.ts';

const test = suite('http.get');

type Given = v.InferInput<typeof get.options>;
const given = (options: Given) => v.parse(get.options, options);
const run = (options: Given, context: StepContext) => get.run(given(options), context);
const failureOf = async (promise: Promise<unknown>): Promise<StepError> => {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  assert.instance(error, StepError);
  return error as StepError;
};

test(
  'hands on status, headers, text and JSON',
  stepTest(async (rig) => {
    const {url, asked} = await serve(rig, (_, response) => {
      response.setHeader('X-Made-By', 'test').setHeader('set-cookie', ['a=1', 'b=2']).end('[{"Node": "é"}]');
    });

    const result = await run({url: `${url}/v1/nodes?a=b`, headers: {'X-Mine': 'yes'}}, rig.context());

    assert.is(result.status, 200);
    assert.is(result.headers['x-made-by'], 'test');
    assert.is(result.headers['set-cookie'], 'a=1, b=2');
    assert.is(result.body, '[{"Node": "é"}]');
    assert.equal(result.json, [{Node: 'é'}]);
    assert.is(asked[0]?.headers['x-mine'], 'yes');
    assert.is(asked[0]?.path, '/v1/nodes?a=b');
    assert.is(rig.printed(), '[{"Node": "é"}]\n');
  }),
);

test(
  'a body that is no JSON has a json of null',
  stepTest(async (rig) => {
    const {url} = await serve(rig, (_, response) => response.end('hello'));

    assert.is((await run({url}, rig.context())).json, null);
  }),
);

test(
  'an error status fails with the start of the body',
  stepTest(async (rig) => {
    const {url} = await serve(rig, (_, response) => response.writeHead(500).end('No cluster leader'));

    const error = await failureOf(run({url}, rig.context()));

    assert.is(error.message, `HTTP 500 Internal Server Error: ${url}`);
    assert.is(error.details.code, 'http-failed');
    assert.is(error.details.found, '500, No cluster leader');
  }),
);

test(
  'a status of `allow` is none',
  stepTest(async (rig) => {
    const {url} = await serve(rig, (_, response) => response.writeHead(404).end());

    assert.is((await run({url, allow: [404]}, rig.context())).status, 404);
  }),
);

test(
  'refused connections, unknown hosts and broken answers are told apart',
  stepTest(async (rig) => {
    const {url} = await serve(rig, (_, response) => {
      response.writeHead(200, {'content-length': 100});
      response.write('half', () => response.destroy());
    });

    const refused = await failureOf(run({url: 'http://127.0.0.1:1/'}, rig.context()));
    const unknown = await failureOf(run({url: 'http://no-such-host.invalid/'}, rig.context()));
    const broken = await failureOf(run({url}, rig.context()));

    assert.is(refused.message, 'connection refused: http://127.0.0.1:1/');
    assert.ok(
      ['no such host: no-such-host.invalid', 'the name no-such-host.invalid cannot be looked up now'].includes(
        unknown.message,
      ),
      unknown.message,
    );
    assert.match(broken.message, 'closed before the answer was complete');
  }),
);

test(
  'a server that never answers costs no more than the timeout',
  stepTest(async (rig) => {
    const {url} = await serve(rig, () => {});

    const error = await failureOf(run({url, timeout: '300ms'}, rig.context()));

    assert.is(error.message, `no answer within 0.3 s: ${url}`);
  }),
);

test(
  'a server that never stops answering is left after a megabyte',
  stepTest(async (rig) => {
    const {url} = await serve(rig, async (_, response) => {
      while (!response.destroyed) {
        if (!response.write('x'.repeat(65_536))) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });

    const result = await run({url}, rig.context());

    assert.is(result.body.length, 1024 * 1024);
    assert.is(result.truncated, true);
  }),
);

test(
  'an abort rejects with its reason',
  stepTest(async (rig) => {
    const {url} = await serve(rig, () => {});
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 100);

    const error = await run({url}, rig.context({signal: stop.signal})).catch((reason) => reason);

    assert.is(error.message, 'stopped');
  }),
);

test(
  'follows redirects only when asked, and keeps secrets from other hosts',
  stepTest(async (rig) => {
    const other = await serve(rig, (_, response) => response.end('there'));
    const {url} = await serve(rig, (_, response) => response.writeHead(302, {location: `${other.url}/x`}).end());

    const stayed = await run({url, headers: {authorization: 'secret'}}, rig.context());
    const followed = await run({url, headers: {authorization: 'secret'}, follow: true}, rig.context());

    assert.is(stayed.status, 302);
    assert.is(followed.body, 'there');
    assert.is(other.asked[0]?.headers.authorization, undefined);
  }),
);

test(
  'a circle of redirects ends',
  stepTest(async (rig) => {
    const {url} = await serve(rig, (_, response) => response.writeHead(302, {location: '/'}).end());

    assert.match((await failureOf(run({url, follow: true}, rig.context()))).message, 'more than 20 redirects');
  }),
);

test('a URL without a scheme is refused by the schema', () => {
  assert.not.ok(v.safeParse(get.options, {url: 'localhost:8500'}).success);
});

test(
  'the command is the line of curl that a person would type',
  stepTest(async (rig) => {
    const site = rig.context();
    const url = 'http://localhost:8500/v1/catalog/nodes';

    assert.is(get.command(given({url}), site), `curl -fsS ${url}`);
    assert.is(
      get.command(given({url: `${url}?a&b`, follow: true, insecure: true, timeout: '500ms'}), site),
      `curl -fsS -L -k --max-time 0.5 '${url}?a&b'`,
    );
  }),
);

test(
  'the command sees what the step sees',
  stepTest(async (rig) => {
    const {url, asked} = await serve(rig, (one, response) =>
      response.writeHead(one.path === '/missing' ? 404 : 200).end(one.headers['x-mine'] ?? 'nothing'),
    );
    const headers = {'X-Mine': `it's "quoted" $x`, 'X-Empty': ''};
    const line = (options: Given) => rig.sh(get.command(given(options), rig.context()));

    const plain = await line({url, headers});
    const missing = await line({url: `${url}/missing`});
    const allowed = await line({url: `${url}/missing`, allow: [404], headers});
    const refused = await line({url: `${url}/missing`, allow: [410]});

    assert.is(plain.stdout, headers['X-Mine']);
    assert.is(asked[0]?.headers['x-empty'], '');
    assert.is(missing.code, 22);
    assert.equal([allowed.code, allowed.stdout], [0, `${headers['X-Mine']}\n`]);
    assert.is(refused.code, 1);
  }),
);

test(
  'a secret header is never an argument of curl',
  stepTest(async (rig) => {
    const {url, asked} = await serve(rig, (_, response) => response.end());
    const options = given({url, headers: {Authorization: `Bearer ${variable('TOKEN')}`, 'X-Plain': 'a'}});

    const line = get.command(options, rig.context());
    const typed = await rig.sh(line, {TOKEN: `a'b"c\\d $e`});

    assert.is(typed.code, 0, typed.stderr);
    assert.is(line.slice(line.indexOf('curl')), `curl -fsS -H 'X-Plain: a' -H @- ${url}`);
    assert.is(asked[0]?.headers.authorization, `Bearer a'b"c\\d $e`);
  }),
);

test.run();
