import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import {variable} from '../../engine/sh.ts';
import {PermanentError, type StepContext} from '../../engine/step-type.ts';
import request from '../../steps/http-request.ts';
import {serve} from '../http-server.ts';
import {stepTest} from '../step-rig.ts';

const test = suite('http.request');

type Given = v.InferInput<typeof request.options>;
const given = (options: Given) => v.parse(request.options, options);
const run = (options: Given, context: StepContext) => request.run(given(options), context);

test(
  'sends method, headers and a body of JSON',
  stepTest(async (rig) => {
    const {url, asked} = await serve(rig, (_, response) => response.end('{"ok": true}'));

    const result = await run({method: 'PUT', url, json: {a: ['é', null]}, headers: {'X-A': 'b'}}, rig.context());

    assert.equal(result.json, {ok: true});
    assert.is(asked[0]?.method, 'PUT');
    assert.is(asked[0]?.body, '{"a":["é",null]}');
    assert.is(asked[0]?.headers['content-type'], 'application/json');
    assert.is(asked[0]?.headers['x-a'], 'b');
  }),
);

test(
  'a type of the author goes before ours',
  stepTest(async (rig) => {
    const {url, asked} = await serve(rig, (_, response) => response.end());

    await run({method: 'POST', url, body: 'a=b', headers: {'Content-Type': 'text/x'}}, rig.context());

    assert.is(asked[0]?.headers['content-type'], 'text/x');
  }),
);

test(
  'a body of both kinds is refused for good',
  stepTest(async (rig) => {
    const error = await run({method: 'POST', url: 'http://127.0.0.1:1', body: '', json: 1}, rig.context()).catch(
      (e) => e,
    );

    assert.instance(error, PermanentError);
  }),
);

test(
  'the redirect after a POST is a GET without the body',
  stepTest(async (rig) => {
    const {url, asked} = await serve(rig, (one, response) =>
      one.path === '/' ? response.writeHead(303, {location: '/seen'}).end() : response.end('seen'),
    );

    const result = await run({method: 'POST', url, body: 'x', follow: true}, rig.context());

    assert.is(result.body, 'seen');
    assert.equal([asked[1]?.method, asked[1]?.body], ['GET', '']);
  }),
);

test(
  'the command sends what the step sends',
  stepTest(async (rig) => {
    const {url, asked} = await serve(rig, (_, response) => response.end());
    const cases: Given[] = [
      {method: 'GET', url},
      {method: 'HEAD', url},
      {method: 'POST', url},
      {method: 'DELETE', url},
      {method: 'POST', url, body: ''},
      {method: 'PUT', url, json: {a: 1}},
      {method: 'PATCH', url, body: '@/etc/passwd', headers: {'X-A': 'b'}},
    ];
    for (const options of cases) {
      await run(options, rig.context());
      const typed = await rig.sh(request.command(given(options), rig.context()));

      assert.is(typed.code, 0, typed.stderr);
      const [ours, theirs] = asked
        .splice(0)
        .map((one) => [one.method, one.body, one.headers['content-type'], one.headers['x-a']]);
      assert.equal(theirs, ours);
    }
  }),
);

test(
  'any body reaches the server through the command unharmed',
  stepTest(async (rig) => {
    const {url, asked} = await serve(rig, (_, response) => response.end());
    const body = fc.oneof(
      fc.string({unit: 'binary'}),
      fc.constantFrom('@x', '-n', '\\n', '%s', '\r\n\r\n', '&=+', "a  b'  c"),
    );

    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const typed = await rig.sh(request.command(given({method: 'POST', url, body: text}), rig.context()));
        assert.is(typed.code, 0, typed.stderr);
        assert.is(asked.splice(0)[0]?.body, text);
      }),
      {numRuns: 60},
    );
  }),
);

test(
  'secret headers and a secret body go by pipes',
  stepTest(async (rig) => {
    const {url, asked} = await serve(rig, (_, response) => response.end());
    const options = given({method: 'POST', url, body: variable('BODY'), headers: {'X-Token': variable('TOKEN')}});

    const line = request.command(options, rig.context());
    const typed = await rig.sh(line, {TOKEN: `t'"\\`, BODY: '@b\n'});

    assert.is(typed.code, 0, typed.stderr);
    assert.not.match(line.slice(line.indexOf('curl')), 'TOKEN');
    assert.is(asked[0]?.headers['x-token'], `t'"\\`);
    assert.is(asked[0]?.body, '@b\n');
  }),
);

test.run();
