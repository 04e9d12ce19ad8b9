import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import type {StepContext} from '../../engine/step-type.ts';
import register from '../../steps/consul-register.ts';
import {consulAgent, consulTest} from '../consul-agent.ts';
import {type StepRig, stepTest} from '../step-rig.ts';
import {hasTools} from '../tools.ts';

const test = suite('consul.register');
const withConsul = consulTest(test);
const typed = hasTools('curl', 'jq') ? withConsul : test.skip;

type Given = v.InferInput<typeof register.options>;
const given = (options: Given) => v.parse(register.options, options);

const full = (rig: StepRig, address: string) =>
  given({
    address,
    service: {
      id: `${rig.unique}-1`,
      name: rig.unique,
      address: '127.0.0.1',
      port: 5000,
      tags: ['web', 'api'],
      meta: {MadeBy: "it's us"},
      checks: [
        {http: 'http://127.0.0.1:1/health', interval: '10s', timeout: '1s'},
        {tcp: '127.0.0.1:1', interval: '10s', name: 'port'},
        {ttl: '30s', id: `${rig.unique}-ttl`},
      ],
    },
  });

const agentOf = async (rig: StepRig) => {
  const {address} = await consulAgent();
  const get = async (path: string) =>
    (await (await fetch(`${address}/v1/agent/${path}`)).json()) as Record<string, Record<string, unknown>>;
  const put = (path: string, body?: object) =>
    fetch(`${address}/v1/agent/${path}`, {method: 'PUT', ...(body && {body: JSON.stringify(body)})});
  rig.cleanup(() => put(`service/deregister/${rig.unique}-1`));
  return {address, get, put};
};

const noMemory: StepContext['remember'] = async (_, make) => make();

withConsul(
  'registers a service with its checks and finds it registered',
  stepTest(async (rig) => {
    const {address, get} = await agentOf(rig);
    const options = full(rig, address);
    const before = await register.verify?.(options, rig.context());

    const made = await register.run(options, rig.context());
    const after = await register.verify?.(options, rig.context());

    const service = (await get('services'))[`${rig.unique}-1`] ?? {};
    assert.is(before?.ok === false && before.found, 'no such service');
    assert.equal(made, {id: `${rig.unique}-1`});
    assert.equal(after, {ok: true, outputs: made});
    assert.equal([service.Service, service.Address, service.Port], [rig.unique, '127.0.0.1', 5000]);
    assert.equal([service.Tags, service.Meta], [['web', 'api'], {MadeBy: "it's us"}]);
    assert.is(
      (await get('checks'))[`service:${rig.unique}-1:1`]?.Notes,
      'HTTP http://127.0.0.1:1/health, every 10s, within 1s',
    );
  }),
);

withConsul(
  'a name alone is enough',
  stepTest(async (rig) => {
    const {address, put} = await agentOf(rig);
    rig.cleanup(() => put(`service/deregister/${rig.unique}`));

    await rig.proveCommand(register, given({address, service: {name: rig.unique}}));
  }),
);

withConsul(
  'every part of the registration that differs is drift',
  stepTest(async (rig) => {
    const {address} = await agentOf(rig);
    const {service, ...where} = full(rig, address);
    await register.run({service, ...where}, rig.context());
    const others = [
      {...service, port: 5001},
      {...service, address: '127.0.0.2'},
      {...service, tags: ['web']},
      {...service, meta: {}},
      {...service, checks: [{...service.checks?.[0], interval: '11s'} as const, ...(service.checks?.slice(1) ?? [])]},
      {...service, checks: [...(service.checks ?? []), {ttl: '5s'}]},
    ];

    const verdicts = await Promise.all(
      others.map((other) => register.verify?.({service: other, ...where}, rig.context())),
    );
    const sameTags = await register.verify?.({service: {...service, tags: ['api', 'web']}, ...where}, rig.context());

    assert.equal(
      verdicts.map((verdict) => verdict?.ok),
      others.map(() => false),
    );
    assert.is(sameTags?.ok, true, 'the order of tags means nothing');
  }),
);

withConsul(
  'registering again replaces the checks that are no longer wanted',
  stepTest(async (rig) => {
    const {address, get, put} = await agentOf(rig);
    const options = full(rig, address);
    await register.run(options, rig.context());
    await put(`service/maintenance/${rig.unique}-1?enable=true&reason=ours`);
    const fewer = {...options, service: {...options.service, checks: [{ttl: '30s', id: `${rig.unique}-ttl`}]}};

    await register.run(fewer, rig.context());

    const left = Object.keys(await get('checks')).filter((id) => id.includes(rig.unique));
    assert.equal(left.sort(), [`_service_maintenance:${rig.unique}-1`, `${rig.unique}-ttl`]);
    assert.is((await register.verify?.(fewer, rig.context()))?.ok, true);
  }),
);

withConsul(
  'undo takes it back, also twice',
  stepTest(async (rig) => {
    const {address, get} = await agentOf(rig);
    const options = full(rig, address);
    await register.run(options, rig.context());

    await register.undo?.(options, rig.context());
    await register.undo?.(options, rig.context());

    assert.is((await get('services'))[`${rig.unique}-1`], undefined);
  }),
);

withConsul(
  'undo restores another registration of that id, and says what it cannot',
  stepTest(async (rig) => {
    const {address, get, put} = await agentOf(rig);
    const check = {TTL: '1h', Name: 'heartbeat'};
    await put('service/register', {ID: `${rig.unique}-1`, Name: 'theirs', Port: 1, Check: check});
    const options = full(rig, address);
    await register.run(options, rig.context());

    await register.undo?.(options, rig.context());

    const service = (await get('services'))[`${rig.unique}-1`] ?? {};
    assert.equal([service.Service, service.Port], ['theirs', 1]);
    assert.match(rig.printed(), 'without "heartbeat"');
  }),
);

withConsul(
  'undo of what a person typed takes it back',
  stepTest(async (rig) => {
    const {address, get} = await agentOf(rig);
    const options = full(rig, address);
    await rig.sh(register.command(options, rig.context()));

    await register.undo?.(options, rig.context({remember: noMemory}));

    assert.is((await get('services'))[`${rig.unique}-1`], undefined);
  }),
);

typed(
  'the command registers the same, and the check in shell agrees',
  stepTest(async (rig) => {
    const {address} = await agentOf(rig);
    const options = full(rig, address);
    const check = register.shell?.check?.(options, rig.context()) ?? '';
    const before = await rig.sh(check);

    await rig.proveCommand(register, options);

    const other = {...options, service: {...options.service, port: 1}};
    assert.is.not(before.code, 0);
    assert.is((await rig.sh(check)).code, 0);
    assert.is.not((await rig.sh(register.shell?.check?.(other, rig.context()) ?? '')).code, 0);
  }),
);

withConsul(
  'a check without a kind is explained',
  stepTest(async (rig) => {
    const {address} = await agentOf(rig);
    const options = given({address, service: {id: `${rig.unique}-1`, name: rig.unique, checks: [{name: 'nothing'}]}});

    const error = await register.run(options, rig.context()).catch((e) => e);

    assert.is(error.name, 'PermanentError');
    assert.match(error.message, 'args');
  }),
);

test.run();
