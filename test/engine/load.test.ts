import {truncate, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {RunbookError} from '../../engine/errors.ts';
import {loadRunbook, validateFile} from '../../engine/load.ts';
import {inFolder, loaded, optionsIn, problemsOf, spots, steps} from './loading.ts';

const test = suite('load');

test('reads a whole runbook', async () => {
  const runbook = await loaded(
    `name: main
title: A runbook
env: [images.env]
requires: [docker]
inputs:
  servers: {type: integer, default: 3, minimum: 1}
steps:
  - id: server1
    title: Start
    uses: thing.make
    with: {name: "s-\${{ inputs.servers }}", labels: {image: "\${{ env.IMAGE }}"}}
    timeout: 60s
    retry: {attempts: 3, delay: 500ms, backoff: 2}

  # about the next
  - id: look
    uses: thing.look
    with:
      name: x
    expect: result.status == 200
    within: 1m
    needs: []
    outputs: {count: size(result.json), token: {value: result.json.token, secret: true}}
    until: prove
  - id: prove
    run: echo \${{ steps.look.outputs.count }}
    when: \${{ inputs.servers > 1 }}
    verify:
      - {uses: thing.look, with: {name: "\${{ result.stdout }}"}, expect: result.status == 200, within: 2s}
      - {run: test -f x, effect: reads}
    undo: {run: rm x}
    check_first: false
    always: true
    foreach: [a, b]
`,
    {'env/images.env': 'IMAGE=consul\n'},
  );
  const [server1, look, prove] = runbook.steps;

  assert.equal([runbook.name, runbook.title, runbook.requires], ['main', 'A runbook', ['docker']]);
  assert.is(runbook.inputs.get('servers')?.default, 3);
  assert.equal(
    [server1?.timeoutMs, server1?.withinMs, server1?.retry],
    [60_000, 30_000, {attempts: 3, delayMs: 500, backoff: 2}],
  );
  assert.equal(
    [server1?.effect, server1?.needs, server1?.place.line, server1?.endLine],
    ['converges', undefined, 8, 14],
  );
  assert.equal(
    [look?.effect, look?.needs, look?.withinMs, look?.until, look?.timeoutMs],
    ['reads', [], 60_000, 'prove', 600_000],
  );
  assert.equal(
    [...(look?.outputs ?? [])].map(([name, {secret}]) => [name, secret]),
    [
      ['count', false],
      ['token', true],
    ],
  );
  assert.equal(
    [prove?.uses, prove?.effect, prove?.withinMs, prove?.always, prove?.checkFirst],
    ['shell', 'repeatable', 0, true, false],
  );
  assert.equal(
    prove?.verify.map(({type, withinMs}) => [type.name, withinMs]),
    [
      ['thing.look', 2000],
      ['shell', undefined],
    ],
  );
  assert.is(prove?.undo?.type.name, 'shell');
});

test('a definition leaves out prose, comments and style', async () => {
  const plain = await loaded(
    steps('    - id: a\n      title: One\n      about: Why\n      run: echo\n      retry: {attempts: 2}'),
  );
  const other = await loaded(steps('    - run: "echo" # changed\n      id: a\n      retry:\n        attempts: 2'));
  const edited = await loaded(steps('    - {id: a, run: echo 2, retry: {attempts: 2}}'));

  assert.is(plain.steps[0]?.definition.split('\n').sort().join(), other.steps[0]?.definition.split('\n').sort().join());
  assert.is.not(plain.steps[0]?.definition, edited.steps[0]?.definition);
});

test('reports all problems together, in the order of the file, with excerpts', async () => {
  const problems = await problemsOf(`titel: x
inputs:
  Bad-Name: {}
steps:
  - id: a
    uses: thing.mak
  - id: b
    uses: thing.make
    with: {nmae: x, size: three}
    timeout: 60
    when: inputs.x +
  - id: b
    run: echo '\${{ inputs.y }}'
`);
  assert.equal(spots(problems), [
    '1:1 unknown-key',
    '3:3 bad-id',
    '6:11 unknown-step-type',
    '9:12 unknown-option',
    '9:27 wrong-type',
    '10:14 bad-duration',
    '11:21 bad-expression',
    '12:9 duplicate-id',
    '13:16 bad-template',
  ]);
  assert.is(problems[3]?.excerpt, '9 |     with: {nmae: x, size: three}\n  |            ^~~~');
  assert.equal(problems[3]?.next, ['did you mean "name"?']);
});

test('throws them all as one error', () =>
  inFolder({'runbooks/main.yaml': 'titel: x\nstpes: []\n'}, async (dir) => {
    try {
      await loadRunbook(join(dir, 'runbooks/main.yaml'), optionsIn(dir, []));
      assert.unreachable();
    } catch (error) {
      assert.equal(error instanceof RunbookError && error.problems.map(({code}) => code), [
        'unknown-key',
        'unknown-key',
      ]);
    }
  }));

test('refuses a directory, no file, an empty file and one of 50 MB', () =>
  inFolder(
    {'runbooks/x.yaml/y': '', 'runbooks/empty.yaml': '', 'runbooks/comment.yaml': '# nothing\n'},
    async (dir) => {
      const big = join(dir, 'runbooks/big.yaml');
      await writeFile(big, '');
      await truncate(big, 50 * 1024 * 1024);
      const code = async (name: string): Promise<string | undefined> =>
        (await validateFile(join(dir, 'runbooks', name), optionsIn(dir, [])))[0]?.code;

      assert.is(await code('x.yaml'), 'not-a-file');
      assert.is(await code('none.yaml'), 'no-such-runbook');
      assert.is(await code('empty.yaml'), 'empty-runbook');
      assert.is(await code('comment.yaml'), 'empty-runbook');
      assert.is(await code('big.yaml'), 'file-too-large');
    },
  ));

test('refuses files that are no runbook', async () => {
  for (const [text, code] of [
    ['just a text', 'wrong-type'],
    ['[1, 2]', 'wrong-type'],
    ['name: main', 'missing-key'],
    ['steps: []', 'bad-value'],
    ['steps: {a: 1}', 'wrong-type'],
    ['steps: [1]', 'wrong-type'],
    ['a: b: c', 'yaml-syntax'],
    ['steps:\n\t- id: a', 'yaml-syntax'],
    ['steps: [{id: a, run: x}]\nsteps: []', 'duplicate-key'],
    ['name: other\nsteps: [{id: a, run: x}]', 'bad-value'],
  ])
    assert.is((await problemsOf(text ?? ''))[0]?.code, code, text);
});

const WORDS = [
  'steps',
  'id',
  'run',
  'uses',
  'with',
  'thing.make',
  'name',
  '- ',
  ': ',
  '\n',
  '\n  ',
  '\n    ',
  '"',
  "'",
  '${{',
  '}}',
  ' inputs.a ',
  'steps.a.outputs.b',
  '[',
  ']',
  '{',
  '}',
  '&a ',
  '*a',
  '|',
  '>',
  '#',
  '!',
  '? ',
  '<<',
  '\t',
  '0',
  'true',
  'foreach',
  'when',
  'retry',
  'null',
  'é',
  '\ud83d\ude00',
  '\u0000',
  '(',
  ')',
];

test('no text crashes or hangs it', async () => {
  await inFolder({'runbooks/main.yaml': ''}, async (dir) => {
    const file = join(dir, 'runbooks/main.yaml');
    const texts = fc.oneof(
      fc.array(fc.constantFrom(...WORDS), {maxLength: 60}).map((words) => words.join('')),
      fc
        .array(fc.constantFrom(...WORDS), {maxLength: 30})
        .map((words) => `steps:\n  - id: a\n    uses: thing.make\n    with: {name: x}\n    ${words.join('')}`),
      fc.json().map((json) => `steps: [{id: a, run: x, with: ${json}, when: ${json}}]`),
      fc.string({unit: 'binary', maxLength: 300}),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        await writeFile(file, text);
        for (const problem of await validateFile(file, optionsIn(dir, []))) assert.is.not(problem.code, 'internal');
      }),
      {numRuns: 500},
    );
  });
});

test.run();
