import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {loaded, one} from './loading.ts';

const test = suite('load: child runbooks');

test('loads child runbooks, each once', async () => {
  const runbook = await loaded(
    'inputs: {n: {default: x}}\nsteps:\n  - {id: p, uses: runbook, with: {runbook: child, inputs: {name: "${{ inputs.n }}"}}}\n  - {id: q, uses: runbook, with: {runbook: child, inputs: {name: q}}}\n',
    {'runbooks/child.yaml': 'inputs: {name: {}}\nsteps: [{id: a, run: "x ${{ inputs.name }}"}]\n'},
  );
  const [p, q] = runbook.steps;
  assert.is(p?.child?.runbook.name, 'child');
  assert.is(p?.child?.runbook, q?.child?.runbook);
  assert.equal([...(p?.child?.inputs.keys() ?? [])], ['name']);
});

test('checks what a child runbook is given, and the child itself', async () => {
  const parent = (inputs: string): string =>
    `steps:\n  - {id: p, uses: runbook, with: {runbook: child, inputs: ${inputs}}}\n`;
  const child = {'runbooks/child.yaml': 'inputs: {count: {type: integer}}\nsteps: [{id: a, run: x}]\n'};

  assert.is((await one(parent('{}'), child)).code, 'input-missing');
  assert.is((await one(parent('{count: three}'), child)).code, 'input-invalid');
  assert.equal((await one(parent('{count: 1, cuont: 2}'), child)).next, ['did you mean "count"?']);

  const broken = await one(parent('{count: 1}'), {'runbooks/child.yaml': 'steps: [{id: a, runn: x, run: x}]\n'});
  assert.match(broken.place?.file ?? '', 'child.yaml');
});

test('runbooks that use each other are refused', async () => {
  const problem = await one('steps: [{id: p, uses: runbook, with: {runbook: child}}]\n', {
    'runbooks/child.yaml': 'steps: [{id: q, uses: runbook, with: {runbook: main}}]\n',
  });
  assert.equal([problem.code, problem.message], ['cycle', 'step "q": "main" uses "child" uses "main"']);
});

test.run();
