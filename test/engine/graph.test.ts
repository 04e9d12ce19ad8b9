import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {buildGraph} from '../../engine/graph.ts';
import {type Rig, rigTest} from '../rig.ts';

const test = suite('which step needs which');

const needs = async (
  rig: Rig,
  steps: string,
  inputs: Record<string, unknown> = {},
): Promise<Record<string, string>> => {
  rig.step('machine', {provides: 'name'});
  rig.step('look');
  rig.step('check', {effect: 'reads'});
  await rig.runbook(steps, 'inputs:\n  master: {type: string, default: m1}\n');
  const graph = buildGraph(await rig.load(), () => ({inputs: {master: 'm1', ...inputs}, env: {}}));
  return Object.fromEntries([...graph.nodes.values()].map(({key, needs}) => [key, needs.join(' ')]));
};

const MACHINES = `
  - {id: one, uses: machine, with: {name: m1}, needs: []}
  - {id: two, uses: machine, with: {name: m2}, needs: []}
`;

test(
  'a step on a machine needs the step that makes the machine, and no other',
  rigTest(async (rig) => {
    const found = await needs(
      rig,
      `${MACHINES}
  - {id: there, uses: look, on: m1, needs: []}
  - {id: named, uses: look, on: "\${{ inputs.master }}", needs: []}
  - {id: elsewhere, uses: look, on: desktop-linux, needs: []}
  - {id: after, uses: look, on: m1, needs: [two]}
`,
    );

    assert.is(found.there, 'one');
    assert.is(found.named, 'one');
    assert.is(found.elsewhere, '');
    assert.is(found.after, 'two one');
  }),
);

test(
  'each item of a foreach needs just the machine that it is on',
  rigTest(async (rig) => {
    const found = await needs(
      rig,
      `
  - {id: machine, uses: machine, foreach: [m1, m2], with: {name: "\${{ item.key }}"}, needs: []}
  - {id: pull, uses: look, foreach: [m1, m2], on: "\${{ item.key }}", needs: []}
`,
    );

    assert.is(found['pull[m1]'], 'machine[m1]');
    assert.is(found['pull[m2]'], 'machine[m2]');
  }),
);

test(
  'a check or an undo on a machine counts, and so does reading where the machine is',
  rigTest(async (rig) => {
    const found = await needs(
      rig,
      `${MACHINES}
  - {id: checked, uses: look, needs: [], verify: [{uses: check, on: m1}]}
  - {id: undone, uses: look, needs: [], undo: {uses: look, on: m2}}
  - {id: read, uses: look, needs: [], on: "\${{ steps.two.outputs.ip }}"}
`,
    );

    assert.is(found.checked, 'one');
    assert.is(found.undone, 'two');
    assert.is(found.read, 'two');
  }),
);

test(
  'a step on a machine that is only made later needs nothing of that',
  rigTest(async (rig) => {
    const found = await needs(rig, `  - {id: early, uses: look, on: m1, needs: []}\n${MACHINES.slice(1)}`);

    assert.is(found.early, '');
    assert.is(found.one, '');
  }),
);

test.run();
