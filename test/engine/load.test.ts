import {truncate, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Problem, RunbookError} from '../../engine/errors.ts';
import {parseExpression} from '../../engine/expression.ts';
import {loadRunbook, validateFile} from '../../engine/load.ts';
import {inFolder, loaded, optionsIn, problemsOf, spots} from './loading.ts';

const test = suite('load');

const one = async (text: string, others: Record<string, string> = {}): Promise<Problem> => {
  const problems = await problemsOf(text, others);
  assert.is(
    problems.length,
    1,
    `${text}\n${JSON.stringify(
      problems.map(({place, code, message}) => [place?.line, code, message]),
      null,
      1,
    )}`,
  );
  return problems[0] as Problem;
};

const steps = (text: string): string => `steps:\n${text.replace(/^\n|\n\s*$/g, '').replace(/^ {4}/gm, '')}\n`;
const make = '  - {id: server1, uses: thing.make, with: {name: s1}}';

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
