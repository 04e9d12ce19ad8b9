import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Problem} from '../../engine/errors.ts';
import {loaded, one, problemsOf, spots, steps} from './loading.ts';

const test = suite('load: keys and options');

const make = '  - {id: server1, uses: thing.make, with: {name: s1}}';

test('refuses unknown names, and says which is near', async () => {
  const cases: [string, string, string | undefined][] = [
    [steps('    - {id: a, uses: thing.mkae}'), 'unknown-step-type', 'did you mean "thing.make"?'],
    [steps('    - {id: a, run: x, timout: 1s}'), 'unknown-key', 'did you mean "timeout"?'],
    [steps('    - {id: a, run: x, retry: {attempts: 1, dealy: 1s}}'), 'unknown-key', 'did you mean "delay"?'],
    [
      steps('    - {id: a, run: x, verify: [{uses: thing.look, with: {name: x}, expct: "true"}]}'),
      'unknown-key',
      'did you mean "expect"?',
    ],
    [`inputs: {a: {typ: string}}\n${steps('    - {id: a, run: x}')}`, 'unknown-key', 'did you mean "type"?'],
    [`inputs: {a: {type: strng}}\n${steps('    - {id: a, run: x}')}`, 'bad-value', 'did you mean "string"?'],
    [`requires: [dockr]\n${steps('    - {id: a, run: x}')}`, 'unknown-requirement', 'did you mean "docker"?'],
    [
      `inputs: {servers: {}}\n${steps('    - {id: a, run: "x ${{ inputs.servrs }}"}')}`,
      'unknown-input',
      'did you mean "servers"?',
    ],
    [
      steps(
        `    ${make}\n      - {id: a, run: "x \${{ steps.server2.outputs.ip }}"}`.replace(
          '    - {id: server1',
          '- {id: server1',
        ),
      ),
      'unknown-step',
      'did you mean "server1"?',
    ],
    [
      steps(`    - {id: s, uses: thing.make, with: {name: x}}\n    - {id: a, run: "x \${{ steps.s.outputs.pi }}"}`),
      'unknown-output',
      'did you mean "ip"?',
    ],
    [
      steps('    - {id: a, uses: thing.look, with: {name: x}, expect: result.statu == 1}'),
      'unknown-output',
      'did you mean "status"?',
    ],
    [steps('    - {id: a, uses: thing.make, with: {name: x, mode: fats}}'), 'bad-value', 'did you mean "fast"?'],
    [steps('    - {id: a, run: x}\n    - {id: b, run: x, needs: [aa]}'), 'unknown-step', 'did you mean "a"?'],
    [steps('    - {id: abc, run: x, until: abd}\n    - {id: abe, run: x}'), 'unknown-step', 'did you mean "abc"?'],
    [steps('    - {id: a, uses: runbook, with: {runbook: chld}}'), 'no-such-runbook', 'did you mean "child"?'],
  ];
  for (const [text, code, next] of cases) {
    const problem = await one(text, {'runbooks/child.yaml': 'steps: [{id: a, run: x}]\n'});
    assert.equal([problem.code, problem.next?.[0]], [code, next], text);
  }
});

test('checks the literals among the options, and leaves the rest for later', async () => {
  const withOptions = (options: string): Promise<readonly Problem[]> =>
    problemsOf(`inputs: {x: {}}\nsteps:\n  - id: a\n    uses: thing.make\n    with: ${options}\n`);
  const cases: [string, readonly string[]][] = [
    ['{name: x, size: 0}', ['5:27 bad-value']],
    ['{name: x, size: 1.5}', ['5:27 wrong-type']],
    ['{name: x, size: "${{ inputs.x }}"}', []],
    ['{name: 3}', ['5:18 wrong-type']],
    ['{name: ""}', ['5:18 bad-value']],
    ['{name: [x]}', ['5:18 wrong-type']],
    ['{name: x, ports: [1, "2", {}]}', ['5:37 wrong-type']],
    ['{name: x, ports: [1, "${{ inputs.x }}"]}', []],
    ['{name: x, ports: "${{ inputs.x }}"}', []],
    ['{name: x, ports: 3}', ['5:28 wrong-type']],
    ['{name: x, labels: {a: 1, b: x, c: [1]}}', ['5:33 wrong-type', '5:45 wrong-type']],
    ['{name: x, mode: "${{ inputs.x }}"}', []],
    ['{nam: "${{ inputs.x }}", name: x}', ['5:12 unknown-option']],
    ['{}', ['4:5 missing-key']],
    ['3', ['5:11 wrong-type']],
  ];
  for (const [options, expected] of cases) assert.equal(spots(await withOptions(options)), expected, options);
});

test('refuses keys that make no sense together', async () => {
  for (const text of [
    '{id: a, run: x, uses: shell}',
    '{id: a, run: x, with: {run: y}}',
    '{id: a, uses: assert}',
    '{id: a, uses: manual, with: {instructions: x}}',
    '{id: a, uses: thing.make, with: {name: x}, effect: once}',
    '{id: a, run: x, effect: converges}',
    '{id: a, run: x, check_first: true}',
    '{id: a, run: x, within: 5s}',
    '{id: a, uses: thing.look, with: {name: x}, within: 5s}',
    '{id: a, uses: thing.look, with: {name: x}, undo: {run: x}}',
    '{id: a, run: x, outputs: {t: {value: result.stdout, secret: true}}}',
    '{id: a, run: x, verify: [{run: y}]}',
    '{id: a, run: x, verify: [{uses: thing.make, with: {name: x}}]}',
    '{id: a, run: x, check_first: true, verify: [{uses: thing.look, with: {name: "${{ result.stdout }}"}}]}',
  ])
    assert.is((await one(`steps: [${text.replaceAll(/("\$\{\{.*?\}\}")/g, '$1')}]`)).code, 'bad-combination', text);
});

test('checks inputs where they are defined', async () => {
  const input = async (text: string): Promise<readonly string[]> =>
    spots(await problemsOf(`inputs:\n  a: ${text}\nsteps: [{id: a, run: x}]\n`));

  assert.equal(await input('{type: integer, default: "3"}'), ['2:31 wrong-type']);
  assert.equal(await input('{type: integer, default: 0, minimum: 1}'), ['2:31 wrong-type']);
  assert.equal(await input('{type: string, pattern: "(?=a)b"}'), ['2:30 bad-value']);
  assert.equal(await input('{type: string, pattern: "("}'), ['2:30 bad-value']);
  assert.equal(await input('{type: string, minimum: 1}'), ['2:30 bad-combination']);
  assert.equal(await input('{choices: [a, 1]}'), ['2:16 wrong-type']);
  assert.equal(await input('{default: b, choices: [a]}'), ['2:16 wrong-type']);
  assert.equal(await input(''), []);
});

test("an alias shares a step's options, and has its mistakes reported once", async () => {
  const runbook = await loaded(
    'steps:\n  - {id: a, uses: thing.make, with: &o {name: x}}\n  - {id: b, uses: thing.make, with: {<<: *o, size: 2}}\n',
  );
  assert.equal(runbook.steps[1]?.options, {
    kind: 'map',
    entries: new Map([
      ['size', {kind: 'literal', value: 2}],
      ['name', {kind: 'literal', value: 'x'}],
    ]),
  });
});

test.run();
