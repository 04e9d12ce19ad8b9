import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {parseExpression} from '../../engine/expression.ts';
import {one, problemsOf, spots, steps} from './loading.ts';

const test = suite('load: references');

test("refuses as an id just the words that can't stand behind a dot in an expression", async () => {
  const words =
    'in true false null as break const continue else for function if import let loop package return var void'.split(
      ' ',
    );
  const place = {file: '', line: 1, column: 1};
  const isWritable = (word: string): boolean => {
    try {
      parseExpression(`steps.${word}.outputs`, () => place);
      return true;
    } catch {
      return false;
    }
  };
  const problems = await problemsOf(
    steps(words.map((word) => `  - {id: ${JSON.stringify(word)}, run: "true"}`).join('\n')),
  );

  assert.equal(
    problems.map(({code, message}) => [code, /"(.*?)"/.exec(message)?.[1]]),
    words.filter((word) => !isWritable(word)).map((word) => ['bad-id', word]),
  );
});

test('refuses references to what is not there yet', async () => {
  const cases: [string, string][] = [
    ['    - {id: a, run: "x ${{ steps.b.outputs.stdout }}"}\n    - {id: b, run: x}', 'not-before'],
    ['    - {id: a, run: "x ${{ steps.a.outputs.stdout }}"}', 'not-before'],
    ['    - {id: a, run: x, needs: [b]}\n    - {id: b, run: x, needs: []}', 'not-before'],
    ['    - {id: a, run: x, needs: [b]}\n    - {id: b, run: x, needs: [a]}', 'cycle'],
    ['    - {id: a, run: x, needs: [a]}', 'cycle'],
    ['    - {id: a, run: x}\n    - {id: b, run: x, until: a}', 'bad-combination'],
    ['    - {id: a, run: "x ${{ item.key }}"}', 'unknown-variable'],
    ['    - {id: a, run: "x ${{ result.stdout }}"}', 'unknown-variable'],
    ['    - {id: a, run: x, when: result.exitCode == 0}', 'unknown-variable'],
    ['    - {id: a, run: "x ${{ env.NOPE }}"}', 'unknown-variable'],
    [
      '    - {id: a, run: x}\n    - {id: b, run: x, foreach: "${{ steps.a.outputs.stdout.lines() }}"}',
      'bad-combination',
    ],
    ['    - {id: a, run: x, foreach: [1, 1]}', 'bad-value'],
    ['    - {id: a, run: x, foreach: [1, [2]]}', 'bad-value'],
    ['    - {id: a, run: x, foreach: 3}', 'bad-value'],
    [
      '    - {id: a, run: x, foreach: [p, q]}\n    - {id: b, run: "y ${{ steps.a.outputs[\'r\'].stdout }}"}',
      'unknown-output',
    ],
    [
      '    - {id: a, run: x, foreach: [p, q]}\n    - {id: b, run: "y ${{ steps.a.outputs.p.stdot }}"}',
      'unknown-output',
    ],
    ['    - {id: a, run: x}\n    - {id: b, run: "y ${{ steps.a.stdout }}"}', 'unknown-output'],
    ['    - {id: a, run: x}\n    - {id: b, run: "y ${{ steps }}"}', 'bad-expression'],
    [
      '    - {id: a, uses: runbook, with: {runbook: child}}\n    - {id: b, run: "y ${{ steps.a.outputs.x }}"}',
      'unknown-output',
    ],
  ];
  for (const [text, code] of cases)
    assert.is((await one(steps(text), {'runbooks/child.yaml': 'steps: [{id: a, run: x}]\n'})).code, code, text);
});

test('takes references that hold', async () => {
  for (const text of [
    '    - {id: a, run: x, foreach: [p, q-r]}\n    - {id: b, run: "y ${{ steps.a.outputs[\'q-r\'].stdout }} ${{ steps.a.outputs.map(k, k) }}"}',
    '    - {id: a, run: "x ${{ item.key }} ${{ item.value }}", foreach: {p: 1}}',
    '    - {id: a, run: x, outputs: {n: size(result.stdout)}}\n    - {id: b, run: "y ${{ steps.a.outputs.n }}"}',
    '    - {id: a, uses: thing.make, with: {name: x}, undo: {run: "rm ${{ result.ip }}"}, verify: [{uses: thing.look, with: {name: "${{ result.ip }}"}}]}',
    '    - {id: a, run: "x ${{ run.id }}", when: true}',
  ])
    assert.equal(spots(await problemsOf(steps(text))), [], text);
});

test('a broken step is no reason to complain about those that read it', async () => {
  const problem = await one(
    steps('    - {id: a, uses: thing.mak}\n    - {id: b, run: "x ${{ steps.a.outputs.anything }}", needs: [a]}'),
  );
  assert.is(problem.code, 'unknown-step-type');
});

test('a secret must not reach a command line', async () => {
  const withSecret = (step: string): string =>
    `inputs: {pw: {secret: true}}\nsteps:\n  - {id: t, uses: thing.look, with: {name: x}, outputs: {k: {value: result.json.k, secret: true}}}\n  - ${step}\n`;
  for (const step of [
    '{id: a, uses: thing.make, with: {name: "${{ inputs.pw }}"}}',
    '{id: a, uses: thing.make, with: {name: x, labels: {l: "a ${{ steps.t.outputs.k }}"}}}',
    '{id: a, run: x, on: "${{ inputs.pw }}"}',
    '{id: a, run: x, foreach: "${{ [inputs.pw] }}"}',
    '{id: a, uses: thing.look, with: {name: x}, outputs: {o: inputs.pw + "x"}}',
    '{id: a, uses: runbook, with: {runbook: child, inputs: {open: "${{ inputs.pw }}"}}}',
  ])
    assert.is(
      (await one(withSecret(step), {'runbooks/child.yaml': 'inputs: {open: {}}\nsteps: [{id: a, run: x}]\n'})).code,
      'secret-in-argv',
      step,
    );
  for (const step of [
    '{id: a, uses: thing.make, with: {name: x, password: "${{ inputs.pw }}"}}',
    '{id: a, run: "login ${{ inputs.pw }} ${{ steps.t.outputs.k }}"}',
    '{id: a, run: x, when: inputs.pw != ""}',
  ])
    assert.equal(spots(await problemsOf(withSecret(step))), [], step);
});

test('refuses an env file that is missing, and names that none defines', async () => {
  const missing = await one(`env: [a.env, b.env]\n${steps('    - {id: a, run: "x ${{ env.ANYTHING }}"}')}`, {
    'env/a.env': 'A=1\n',
  });
  assert.equal([missing.code, missing.place?.column], ['env-file', 14]);

  const unknown = await one(`env: [a.env]\n${steps('    - {id: a, run: "x ${{ env.IMAEG }}"}')}`, {
    'env/a.env': 'IMAGE=1\n',
  });
  assert.equal([unknown.code, unknown.next], ['unknown-variable', ['did you mean "IMAGE"?']]);
});

test.run();
