import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Selection} from '../../engine/entries.ts';
import {buildGraph} from '../../engine/graph.ts';
import {select} from '../../engine/selection.ts';
import {type Rig, rigTest, throws} from '../rig.ts';

const test = suite('selection');

const STEPS = `
  - {id: a, uses: web}
  - {id: b, uses: web, foreach: [1, 2], needs: [a]}
  - {id: c, uses: web, needs: [a]}
  - {id: d, uses: web, needs: [c]}
`;

const parts = async (rig: Rig, selection: Selection): Promise<string> => {
  rig.step('web');
  await rig.runbook(STEPS);
  const graph = buildGraph(await rig.load(), () => ({inputs: {}, env: {}}));
  const part = select(graph, selection);
  return [...graph.nodes.values()].map((node) => `${node.key}:${part(node)}`).join(' ');
};

test(
  'runs everything by itself',
  rigTest(async (rig) => {
    assert.is(await parts(rig, {}), 'a:run b[1]:run b[2]:run c:run d:run');
  }),
);

test(
  'verifies with `from` what stands before',
  rigTest(async (rig) => {
    assert.is(await parts(rig, {from: 'b'}), 'a:verify b[1]:run b[2]:run c:run d:run');
    assert.is(await parts(rig, {from: 'b[2]'}), 'a:verify b[1]:verify b[2]:run c:run d:run');
  }),
);

test(
  'leaves with `until` what stands behind',
  rigTest(async (rig) => {
    assert.is(await parts(rig, {until: 'b'}), 'a:run b[1]:run b[2]:run c:leave d:leave');
    assert.is(await parts(rig, {from: 'c', until: 'c'}), 'a:verify b[1]:verify b[2]:verify c:run d:leave');
  }),
);

test(
  'verifies with `only` what the step needs, and leaves the rest',
  rigTest(async (rig) => {
    assert.is(await parts(rig, {only: 'd'}), 'a:verify b[1]:leave b[2]:leave c:verify d:run');
  }),
);

test(
  'names the nearest step where there is none',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: server, uses: web}\n');
    const graph = buildGraph(await rig.load(), () => ({inputs: {}, env: {}}));

    const error = throws(() => select(graph, {from: 'sever'}), 'unknown-step');

    assert.match(error.problems[0].next?.join() ?? '', 'did you mean "server"?');
  }),
);

test.run();
