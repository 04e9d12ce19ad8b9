import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {buildGraph} from '../../engine/graph.ts';
import {Redactor} from '../../engine/redact.ts';
import {Scopes, variableName} from '../../engine/scopes.ts';
import {variable} from '../../engine/sh.ts';
import {type Rig, rigTest} from '../rig.ts';

const test = suite('scopes');

const open = async (rig: Rig, steps: string, inputs: Record<string, never | string | number> = {}, head = '') => {
  rig.step('web');
  await rig.runbook(steps, head);
  const redactor = new Redactor();
  const scopes = new Scopes(
    {inputs, env: () => ({variables: {HOME: '/root'}, secrets: new Set()}), run: 'r1'},
    redactor,
  );
  const graph = buildGraph(await rig.load(), (scope) => ({inputs: scopes.staticInputsOf(scope), env: {}}));
  const node = (key: string) => {
    const found = graph.nodes.get(key);
    if (found === undefined) throw new Error(`no ${key}`);
    return found;
  };
  return {redactor, scopes, node};
};

test(
  'gives expressions the inputs, the env, the run and the finished steps',
  rigTest(async (rig) => {
    const {scopes, node} = await open(
      rig,
      '  - {id: a, uses: web}\n  - {id: b, uses: web}\n',
      {size: 3},
      'inputs: {size: {type: integer}, other: {default: x}}',
    );

    scopes.finish(node('a'), {ip: '10.0.0.1'}, new Set());

    const {inputs, env, steps, run} = scopes.valuesOf(node('b'), 'real');
    assert.equal(inputs, {size: 3, other: 'x'});
    assert.equal(env, {HOME: '/root'});
    assert.equal(steps, {a: {outputs: {ip: '10.0.0.1'}}});
    assert.equal(run, {id: 'r1'});
  }),
);

test(
  'keys the outputs of a foreach by item, and forgets one of them',
  rigTest(async (rig) => {
    const {scopes, node} = await open(rig, '  - {id: a, uses: web, foreach: [x, y]}\n');
    scopes.finish(node('a[x]'), {ip: 1}, new Set());
    scopes.finish(node('a[y]'), {ip: 2}, new Set());
    assert.equal(scopes.valuesOf(node('a[x]'), 'real').steps, {a: {outputs: {x: {ip: 1}, y: {ip: 2}}}});

    scopes.forget(node('a[x]'));

    assert.equal(scopes.valuesOf(node('a[x]'), 'real').steps, {a: {outputs: {y: {ip: 2}}}});
    assert.equal(scopes.valuesOf(node('a[y]'), 'real').item, {key: 'y', value: 'y'});
  }),
);

test(
  'shows secrets as variables, and knows them for the redactor',
  rigTest(async (rig) => {
    const {scopes, node, redactor} = await open(
      rig,
      '  - {id: a, uses: web}\n',
      {pw: 'hunter2'},
      'inputs: {pw: {secret: true}}',
    );
    scopes.finish(node('a'), {token: 's3cr3t', open: 1}, new Set(['token']));

    assert.equal(scopes.valuesOf(node('a'), 'real').inputs, {pw: 'hunter2'});
    assert.equal(scopes.valuesOf(node('a'), 'shown').inputs, {pw: variable('PW')});
    assert.equal(scopes.valuesOf(node('a'), 'shown').steps, {a: {outputs: {token: variable('A_TOKEN'), open: 1}}});
    assert.is(scopes.secret('A_TOKEN'), 's3cr3t');
    assert.is(redactor.text('hunter2 s3cr3t'), '*** ***');
  }),
);

test(
  'gives a child runbook its own inputs and steps, and new inputs when what they read changes',
  rigTest(async (rig) => {
    await rig.write({
      'runbooks/child.yaml':
        'name: child\ntitle: C\ninputs: {ip: {}, n: {type: integer, default: 2}}\nsteps: [{id: x, uses: web}]\n',
    });
    const {scopes, node} = await open(
      rig,
      '  - {id: a, uses: web}\n  - {id: sub, uses: runbook, with: {runbook: child, inputs: {ip: "${{ steps.a.outputs.ip }}"}}}\n',
    );
    scopes.finish(node('a'), {ip: 'one'}, new Set());
    assert.equal(scopes.valuesOf(node('sub.x'), 'real').inputs, {ip: 'one', n: 2});
    assert.equal(scopes.valuesOf(node('sub.x'), 'real').steps, {});

    scopes.finish(node('a'), {ip: 'two'}, new Set());

    assert.equal(scopes.valuesOf(node('sub.x'), 'real').inputs, {ip: 'two', n: 2});
  }),
);

test('makes names of variables that any shell takes', () => {
  assert.is(variableName('server[consul-server1].x', 'ip'), 'SERVER_CONSUL_SERVER1_X_IP');
  assert.is(variableName('1st'), '_1ST');
});

test.run();
