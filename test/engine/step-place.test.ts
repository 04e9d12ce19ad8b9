import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';

const test = suite('the place of a step');

const own = (env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => /^(RUNBOOK_(?!STATE|RUN$|LABELS)|DOCKER)/.test(name)));

test(
  'has inputs, options and the outputs of earlier steps in its environment',
  rigTest(async (rig) => {
    rig.step('web').outputs = {ip: '10.0.0.7', value: {a: [1]}};
    rig.step('late').failure = 'no';
    await rig.runbook(
      '  - {id: server, foreach: [one, x-2], uses: web}\n' +
        '  - {id: b, uses: late, with: {value: 7, name: "n ${{ steps.server.outputs[\'one\'].ip }}"}}\n' +
        '  - {id: c, uses: web}\n',
      'inputs: {servers: {type: integer, default: 3}, names: {type: list, default: [a, b]}}',
    );
    await rig.run();
    rig.env.HOME = '/home/me';

    const place = await rig.placeOf('b');

    assert.equal(own(place.env), {
      RUNBOOK_COMMAND: 'late 7',
      RUNBOOK_INPUT_servers: '3',
      RUNBOOK_INPUT_names: '["a","b"]',
      RUNBOOK_OPTION_value: '7',
      RUNBOOK_OPTION_name: 'n 10.0.0.7',
      RUNBOOK_OUTPUT_server_one_ip: '10.0.0.7',
      RUNBOOK_OUTPUT_server_one_value: '{"a":[1]}',
      RUNBOOK_OUTPUT_server_x_2_ip: '10.0.0.7',
      RUNBOOK_OUTPUT_server_x_2_value: '{"a":[1]}',
    });
    assert.is(place.env.HOME, '/home/me');
    assert.is(place.env.RUNBOOK_STATE_DIR, rig.stateDir);
    assert.match(place.env.RUNBOOK_RUN ?? '', /^\d{8}-/);
    assert.match(place.env.RUNBOOK_LABELS ?? '', 'io.runbook.step=b');
    assert.is(place.cwd, rig.dir);
    assert.is(place.inside, undefined);
    assert.not.ok('RUNBOOK_STEP' in place.env);
  }),
);

test(
  "has the folder and the environment of the step's own process, and the context that it is directed to",
  rigTest(async (rig) => {
    rig.env.DOCKER_HOST = 'tcp://elsewhere';
    rig.step('sh', {
      effect: 'repeatable',
      process: ({env = {}}, {cwd}) => ({cwd: join(cwd, 'sub'), env}),
    }).failure = 'no';
    await rig.runbook('  - {id: a, uses: sh, on: worker, with: {env: {MODE: fast}}}\n');
    await rig.run();

    const {env, cwd} = await rig.placeOf('a');

    assert.equal([env.MODE, env.DOCKER_CONTEXT, env.DOCKER_HOST], ['fast', 'worker', '']);
    assert.is(cwd, join(rig.dir, 'sub'));
  }),
);

test(
  'has a secret only where the step itself gets it by its environment, and says which are not set',
  rigTest(async (rig) => {
    rig.step('sh', {effect: 'repeatable', process: ({env = {}}, {cwd}) => ({cwd, env})}).failure = 'no';
    rig.step('http', {effect: 'repeatable'}).failure = 'no';
    rig.secrets.set('token', 'hunter2!');
    await rig.runbook(
      '  - {id: a, needs: [], uses: sh, with: {env: {KEY: "${{ inputs.token }}"}}}\n' +
        '  - {id: b, needs: [], uses: http, with: {secret: "${{ inputs.token }}"}}\n',
      'inputs: {token: {secret: true}}',
    );
    await rig.run({keepGoing: true});

    const beside = await rig.placeOf('a');
    const other = await rig.placeOf('b');

    assert.equal(
      [beside.env.KEY, beside.env.TOKEN, beside.env.RUNBOOK_INPUT_token],
      ['hunter2!', 'hunter2!', 'hunter2!'],
    );
    assert.equal(beside.unset, []);
    assert.not.match(JSON.stringify(other), 'hunter2!');
    assert.equal(other.unset, ['TOKEN']);
    assert.equal([other.env.TOKEN, other.env.RUNBOOK_INPUT_token], [undefined, undefined]);
  }),
);

test(
  'never hands on an output that is a secret, nor what is too long for an environment',
  rigTest(async (rig) => {
    rig.step('key', {effect: 'reads'}).outputs = {token: 'hunter2!', ip: 'x'.repeat(200_000)};
    rig.step('late').failure = 'no';
    await rig.runbook(
      '  - {id: key, uses: key, outputs: {token: {value: result.token, secret: true}}}\n  - {id: b, uses: late}\n',
    );
    await rig.run();

    const {env} = await rig.placeOf('b');

    assert.not.match(JSON.stringify(env), 'hunter2!');
    assert.equal(
      Object.keys(env).filter((name) => name.startsWith('RUNBOOK_OUTPUT')),
      [],
    );
  }),
);

test(
  'says how to get inside, with secrets as variables',
  rigTest(async (rig) => {
    const line = ({env = {}}: {env?: Record<string, string> | undefined}) => `enter ${Object.values(env).join(' ')}`;
    rig.step('box', {effect: 'repeatable', enter: {what: 'its container', line}}).failure = 'no';
    rig.secrets.set('token', 'hunter2!');
    await rig.runbook(
      '  - {id: a, uses: box, with: {env: {KEY: "${{ inputs.token }}"}}}\n',
      'inputs: {token: {secret: true}}',
    );
    await rig.run();

    const {inside} = await rig.placeOf('a');

    assert.is(inside?.what, 'its container');
    assert.match(inside?.line ?? '', 'TOKEN');
    assert.not.match(inside?.line ?? '', 'hunter2!');
  }),
);

test(
  'is there also where the step can not be filled in, as what it reads is not there',
  rigTest(async (rig) => {
    rig.step('web');
    rig.step('late');
    await rig.runbook(
      '  - {id: a, uses: web, when: "false"}\n  - {id: b, uses: late, with: {value: "${{ steps.a.outputs.ip }}"}}\n',
    );
    assert.is((await rig.run()).failed, 'b');

    const {command, inside, cwd} = await rig.placeOf('b');

    assert.match(command, /^late /);
    assert.equal([inside, cwd], [undefined, rig.dir]);
  }),
);

test.run();
