import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {buildGraph, type Graph, toldNeeds} from '../../engine/graph.ts';
import {type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('graph');

const graphOf = async (rig: Rig, steps: string, inputs: Record<string, unknown> = {}, head = ''): Promise<Graph> => {
  rig.step('web');
  await rig.runbook(steps, head);
  return buildGraph(await rig.load(), () => ({inputs, env: {}}));
};

const needsIn = (graph: Graph): Record<string, readonly string[]> =>
  Object.fromEntries([...graph.nodes.values()].map(({key, needs}) => [key, needs]));

test(
  'lets a step need the one before it, unless it says what it needs',
  rigTest(async (rig) => {
    const graph = await graphOf(
      rig,
      '  - {id: a, uses: web}\n  - {id: b, uses: web}\n  - {id: c, uses: web, needs: []}\n  - {id: d, uses: web, needs: [a, c]}\n',
    );

    assert.equal(needsIn(graph), {a: [], b: ['a'], c: [], d: ['a', 'c']});
  }),
);

test(
  'lets a step need what it reads from, wherever it reads',
  rigTest(async (rig) => {
    const graph = await graphOf(
      rig,
      `
  - {id: a, uses: web, needs: []}
  - {id: b, uses: web, needs: [], with: {value: "\${{ steps.a.outputs.value }}"}}
  - {id: c, uses: web, needs: [], when: steps.a.outputs.value == 1}
  - {id: d, uses: web, needs: [], expect: steps.a.outputs.value == 1}
  - {id: e, uses: web, needs: [], outputs: {x: steps.a.outputs.value}}
  - {id: f, uses: web, needs: [], undo: {uses: web, with: {value: "\${{ steps.a.outputs.value }}"}}}
  - {id: g, uses: web, needs: [b], with: {value: "\${{ steps.a.outputs.value }}"}}
`,
    );

    assert.equal(needsIn(graph), {a: [], b: ['a'], c: ['a'], d: ['a'], e: ['a'], f: ['a'], g: ['b', 'a']});
  }),
);

test(
  'makes a step of each item of a list, and of each entry of a map',
  rigTest(async (rig) => {
    const graph = await graphOf(
      rig,
      '  - {id: a, uses: web, foreach: "${{ inputs.list }}"}\n  - {id: b, uses: web, foreach: {x: 1, y: 2}}\n  - {id: c, uses: web}\n',
      {list: ['one', 2, true]},
      'inputs: {list: {type: list}}',
    );

    assert.equal(needsIn(graph), {
      'a[one]': [],
      'a[2]': [],
      'a[true]': [],
      'b[x]': ['a[one]', 'a[2]', 'a[true]'],
      'b[y]': ['a[one]', 'a[2]', 'a[true]'],
      c: ['b[x]', 'b[y]'],
    });
    assert.equal(graph.nodes.get('b[y]')?.item, {key: 'y', value: 2});
  }),
);

test(
  'passes on what a foreach without items needed',
  rigTest(async (rig) => {
    const graph = await graphOf(
      rig,
      '  - {id: a, uses: web}\n  - {id: b, uses: web, foreach: []}\n  - {id: c, uses: web}\n',
    );

    assert.equal(needsIn(graph), {a: [], c: ['a']});
  }),
);

test(
  'refuses items that are not distinct, or no scalars',
  rigTest(async (rig) => {
    for (const list of [['a', 'a'], [1, '1'], [{}], 'text', null]) {
      const graph = graphOf(
        rig,
        '  - {id: a, uses: web, foreach: "${{ inputs.list }}"}\n',
        {list},
        'inputs: {list: {type: list}}',
      );
      await rejects(graph, 'bad-value');
    }
  }),
);

test(
  'refuses items that no terminal should be shown',
  rigTest(async (rig) => {
    for (const list of [['a', 'b\u001b[2J'], ['a\0'], ['line\nline'], {'\u009b2J': 1}]) {
      const text = Array.isArray(list) ? 'list' : 'map';
      const graph = graphOf(
        rig,
        `  - {id: a, uses: web, foreach: "\${{ inputs.of }}"}\n`,
        {of: list},
        `inputs: {of: {type: ${text}}}`,
      );
      const {message} = await rejects(graph, 'bad-value');
      assert.match(message, 'control character');
    }
  }),
);

test(
  "puts a child runbook's steps in place of the step that uses it",
  rigTest(async (rig) => {
    rig.step('web');
    await rig.write({
      'runbooks/child.yaml':
        'name: child\ntitle: C\nsteps:\n  - {id: x, uses: web}\n  - {id: y, uses: web}\n  - {id: z, uses: web, needs: []}\n',
    });
    const graph = await graphOf(
      rig,
      `
  - {id: a, uses: web}
  - {id: sub, uses: runbook, with: {runbook: child}, when: "true"}
  - {id: b, uses: web}
  - {id: each, uses: runbook, with: {runbook: child}, foreach: [p, q], needs: [a]}
`,
    );

    const needs = needsIn(graph);
    assert.equal(needs['sub.x'], ['a']);
    assert.equal(needs['sub.y'], ['sub.x']);
    assert.equal(needs['sub.z'], ['a'], 'a step of a child that needs nothing still comes after what its parent needs');
    assert.equal(needs.b, ['sub.x', 'sub.y', 'sub.z']);
    assert.equal(needs['each[p].y'], ['each[p].x']);
    assert.equal(needs['each[q].x'], ['a']);
    assert.is(graph.nodes.get('sub.x')?.guards.length, 1);
  }),
);

test(
  'numbers nodes in an order in which they may run',
  rigTest(async (rig) => {
    const graph = await graphOf(
      rig,
      '  - {id: a, uses: web, foreach: [1, 2]}\n  - {id: b, uses: web}\n  - {id: c, uses: web, needs: [a]}\n',
    );

    for (const {index, needs} of graph.nodes.values())
      for (const need of needs) assert.ok((graph.nodes.get(need)?.index ?? Number.POSITIVE_INFINITY) < index);
  }),
);

test(
  'keeps one list of needs for all items of a step',
  rigTest(async (rig) => {
    const {nodes} = await graphOf(
      rig,
      '  - {id: a, uses: web, foreach: [x, y]}\n  - {id: b, uses: web, foreach: [x, y]}\n',
    );

    assert.equal(nodes.get('b[x]')?.needs, ['a[x]', 'a[y]']);
    assert.is(nodes.get('b[x]')?.needs, nodes.get('b[y]')?.needs);
  }),
);

test(
  'tells that all items of a step are needed by its id',
  rigTest(async (rig) => {
    const graph = await graphOf(
      rig,
      '  - {id: a, uses: web, foreach: [x, y]}\n  - {id: b, uses: web, needs: []}\n  - {id: c, uses: web, needs: [a, b]}\n',
    );
    const needsOf = toldNeeds(graph);

    assert.equal([...graph.nodes.values()].map(needsOf), [[], [], [], ['a', 'b']]);
  }),
);

test.run();
