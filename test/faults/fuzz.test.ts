import {spawnSync} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {CODES} from '../../engine/errors.ts';
import {type CliRig, cliTest, shellRunbook} from '../cli-rig.ts';
import {isSoak, SEED, seeded, times} from '../random.ts';
import {expressions, values} from './fuzzing/expressions.ts';
import {verdictOf} from './fuzzing/jury.ts';
import {type Case, Laboratory} from './fuzzing/laboratory.ts';
import {envCases, importCases, inputCases} from './fuzzing/others.ts';
import {caseOf, runbookCases, seedCases} from './fuzzing/runbooks.ts';
import {changes} from './fuzzing/texts.ts';

const test = suite('random input');

const mainOf = (one: Case): string =>
  one.kind === 'runbook'
    ? Buffer.from(one.files['runbooks/main.yaml'] ?? '', 'base64').toString()
    : JSON.stringify(one);

/** What fails is made as small as it goes, and names its seed. */
const everyCase = async (cases: fc.Arbitrary<Case>, numRuns: number): Promise<void> => {
  const laboratory = new Laboratory();
  try {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        if (laboratory.hasHung) return;
        const outcome = await laboratory.try(one);
        const verdict = verdictOf(one, outcome, laboratory.dir);
        assert.is(verdict, undefined, `${verdict}\n${mainOf(one).slice(0, 2000)}`);
      }),
      {seed: SEED, numRuns},
    );
  } finally {
    await laboratory.close();
  }
};

test('what the random runbooks are made of is right', async () => {
  const laboratory = new Laboratory();
  for (const one of seedCases) assert.equal((await laboratory.try(one)).problems, [], mainOf(one));
  await laboratory.close();
});

test('no runbook crashes or hangs, and each that is refused says where, why and what to do', () =>
  everyCase(runbookCases, times(120)));

test('no expression does', () =>
  everyCase(
    fc.tuple(expressions, values).map(([source, read]) => ({kind: 'expression', source, values: read})),
    times(500),
  ));

test('no env file does', () => everyCase(envCases, times(100)));

test('no input does', () => everyCase(inputCases, times(200)));

test('no document that is imported does, and what comes of it is a right runbook', () =>
  everyCase(importCases, times(40)));

test('runbooks that reach code that no other has reached are changed further', async () => {
  const laboratory = new Laboratory({coverage: true});
  const random = seeded(SEED);
  const corpus = seedCases.map(mainOf);
  for (const one of seedCases) await laboratory.try(one);
  let found = 0;
  for (let round = 0; round < times(60); round++) {
    // what came last has led furthest
    const parent = corpus[Math.floor(random() ** 0.5 * corpus.length)] ?? '';
    const [change = (text: string) => text] = fc.sample(changes, {numRuns: 1, seed: Math.floor(random() * 2 ** 31)});
    const one = caseOf(Buffer.from(change(parent)));
    const outcome = await laboratory.try(one);
    const verdict = verdictOf(one, outcome, laboratory.dir);
    assert.is(verdict, undefined, `seed ${SEED}, round ${round}: ${verdict}\n${mainOf(one).slice(0, 2000)}`);
    if ((outcome.fresh ?? 0) === 0) continue;
    corpus.push(mainOf(one));
    found++;
  }
  assert.ok(found > 0, 'no runbook reached anything new');
  await laboratory.close();
});

const manySteps = (count: number, keys: (index: number) => string): string =>
  `steps:\n${Array.from({length: count}, (_, index) => `  - {id: s${index}, run: x, ${keys(index)}}\n`).join('')}`;

/** Each of these once took minutes. */
const ENDLESS: Readonly<Record<string, string>> = {
  'a file of empty lines': `${'\n'.repeat(200_000)}steps: x\n`,
  'a line of blanks': `a${' '.repeat(99_000)}\nsteps: x\n`,
  'keys with blanks before their colons': `${'a    : '.repeat(64)}b\n`,
  'closing brackets': '        }}}}}}}}}}\n'.repeat(90_000),
  'opening brackets behind a mistake': `}${'!!set {a, b}'.repeat(8000)}\n`,
  'a string that does not end': `steps:\n - id: a\n   run: |\n     \${{ ${'"\\'.repeat(45_000)}\n`,
  'unknown steps': manySteps(9000, (index) => `needs: [z${index}]`),
  'unknown anchors': `title: x\nsteps:\n${Array.from({length: 20_000}, (_, n) => `  - &a${n} x\n`).join('')}${Array.from({length: 20_000}, (_, n) => `  - *b${n}\n`).join('')}`,
  'needs of later steps': manySteps(
    700,
    (index) => `needs: [${Array.from({length: 700}, (_, n) => `s${n}`).slice(index + 1)}]`,
  ),
  'a long list of items': `steps:\n  - id: a\n    run: x\n    foreach:\n${Array.from({length: 190_000}, (_, n) => `      - ${n}\n`).join('')}      - []\n`,
};

for (const [what, text] of Object.entries(ENDLESS))
  test(`does not hang on ${what}`, async () => {
    const laboratory = new Laboratory();
    const one = caseOf(Buffer.from(text));
    assert.is(verdictOf(one, await laboratory.try(one), laboratory.dir), undefined);
    await laboratory.close();
  });

test('does not hang on env files of empty lines', async () => {
  const laboratory = new Laboratory();
  const one: Case = {kind: 'env', bytes: Buffer.from('\n'.repeat(900_000)).toString('base64'), secret: false};
  assert.is(verdictOf(one, await laboratory.try(one), laboratory.dir), undefined);
  await laboratory.close();
});

test('has room for more items than a call has arguments', async () => {
  const laboratory = new Laboratory();
  const one = caseOf(
    Buffer.from(
      `inputs: {n: {type: list, default: [${Array.from({length: 15_000}, (_, n) => n).join()}]}}\nsteps: [{id: a, run: x, foreach: "inputs.n.map(n, n) + inputs.n.map(n, n + 15000) + inputs.n.map(n, n + 30000) + inputs.n.map(n, n + 45000) + inputs.n.map(n, n + 60000) + inputs.n.map(n, n + 75000) + inputs.n.map(n, n + 90000) + inputs.n.map(n, n + 105000)"}]\n`,
    ),
  );
  assert.is(verdictOf(one, await laboratory.try(one), laboratory.dir), undefined);
  await laboratory.close();
});

test('does not hang on documents of headings, blocks or long words', async () => {
  const laboratory = new Laboratory();
  for (const part of [
    ' # Words\r\n',
    '#### a\n\n',
    `# ${':'.repeat(80_000)}x\n`,
    '```\nhello\n\n```\n',
    `Write \`${'a.'.repeat(40_000)}\n\n\`\`\`\nx\n\`\`\`\n`,
  ]) {
    const one: Case = {kind: 'import', text: `${part.repeat(500_000 / part.length)}\n\`\`\`sh\necho\n\`\`\`\n`};
    assert.is(verdictOf(one, await laboratory.try(one), laboratory.dir), undefined, part.slice(0, 20));
  }
  await laboratory.close();
});

test('takes no command of a document for a part of the program itself', async () => {
  const laboratory = new Laboratory();
  const lines = [
    'docker __proto__',
    'docker constructor x',
    'docker container toString',
    'docker ps -f constructor=1 -f __proto__=2',
  ];
  const one: Case = {kind: 'import', text: lines.map((line) => `\`\`\`sh\n${line}\n\`\`\`\n`).join('\n')};
  assert.is(verdictOf(one, await laboratory.try(one), laboratory.dir), undefined);
  await laboratory.close();
});

test('names no imported step as no step may be called', async () => {
  const laboratory = new Laboratory();
  const text = ['null', 'true', 'in'].map((name) => `\`\`\`sh\nsudo ${name}\n\`\`\`\n`).join('\n');
  const one: Case = {kind: 'import', text};
  assert.is(verdictOf(one, await laboratory.try(one), laboratory.dir), undefined);
  await laboratory.close();
});

const INSTALLED = fileURLToPath(new URL('../../dist/cli/runbook.cjs', import.meta.url));
const TRACE = /^\s+at .*[/(]|internal error|\[internal\]|Unhandled|node:internal/m;

/** How the real program ends with it: as is documented, without a trace, and saying what to do. */
const behaves = async (rig: CliRig, args: readonly string[], codes: readonly number[]): Promise<void> => {
  // as it is installed: Node itself would read an `--env-file` that is given to a file of ours
  const {code, stdout, stderr} = await rig.runbook(args, {command: [INSTALLED]});
  const what = `runbook ${args.join(' ').slice(0, 300)}\n${stderr.slice(0, 3000)}`;
  assert.ok(codes.includes(code), `ended with ${code}: ${what}`);
  assert.not.match(stdout + stderr, TRACE, what);
  if (code === 0) return;
  const [, named = ''] = /\[([a-z-]+)\]$/m.exec(stderr) ?? [];
  assert.ok(named in CODES || /^error: /m.test(stderr), what);
  if (named !== '') assert.match(stderr, /^ {2}(next|expected) +\S/m, what);
};

test(
  'the program itself ends with random runbooks as is documented',
  cliTest(async (rig) => {
    const laboratory = new Laboratory();
    const count = isSoak ? 100 : 3;
    for (const one of fc.sample(runbookCases, {numRuns: count, seed: SEED})) {
      if (one.kind !== 'runbook') continue;
      await rig.write({'env/.keep': '', 'runbooks/.keep': ''});
      for (const [name, bytes] of Object.entries(one.files)) await rig.writeBytes(name, Buffer.from(bytes, 'base64'));
      const isRight = (await laboratory.try(one)).problems?.length === 0;
      const file = 'runbooks/main.yaml';
      const wanted = isRight ? [0] : [2];
      await behaves(rig, ['validate', file], wanted);
      await behaves(rig, ['show', file], wanted);
      await behaves(rig, ['show', file, '--format', 'sh'], isRight ? [0, 2] : [2]);
      // one that is right would look at this machine
      if (!isRight) await behaves(rig, ['plan', file], [2]);
    }
    await laboratory.close();
  }, 50 * 60_000),
);

test(
  'the program itself ends with random documents as is documented',
  cliTest(async (rig) => {
    for (const one of fc.sample(importCases, {numRuns: isSoak ? 50 : 2, seed: SEED})) {
      await rig.write({'it.md': one.kind === 'import' ? one.text : ''});
      await behaves(rig, ['import', 'it.md'], [0, 2]);
    }
  }, 50 * 60_000),
);

const NO_RUNS = [
  '../..',
  '../runs',
  '/etc/passwd',
  '..',
  '.',
  '__proto__',
  'constructor',
  '*',
  ' ',
  '',
  'a\nb',
  '\u001b[2J',
  'x'.repeat(5000),
  '%00',
  'é',
];

test(
  'a run that is none is refused, whatever it is called',
  cliTest(async (rig) => {
    await rig.write({'runbooks/a.yaml': shellRunbook('a', {one: 'true', two: 'exit 1'}), 'kept/journal.jsonl': 'x'});
    await rig.runbook(['run', 'a']);
    const before = readdirSync(rig.dir, {recursive: true}).toSorted();
    const random = seeded(SEED);
    const names = isSoak ? NO_RUNS : NO_RUNS.filter((_, index) => index % 2 === 0);
    const commands = [
      ['status'],
      ['log'],
      ['resume'],
      ['undo', '--yes'],
      ['clean'],
      ['ps'],
      ['report'],
      ['resume', '--plan'],
    ];
    for (const name of names) {
      const some = isSoak ? commands : [commands[Math.floor(random() * commands.length)] ?? ['status']];
      for (const [command = '', ...options] of some) await behaves(rig, [command, ...options, '--', name], [0, 2]);
    }
    assert.equal(readdirSync(rig.dir, {recursive: true}).toSorted(), before);
  }, 30 * 60_000),
);

test(
  'what stands where a file should be is refused, and not waited for',
  cliTest(async (rig) => {
    await rig.write({
      'runbooks/a.yaml': shellRunbook('a', {one: 'true', two: 'exit 1'}),
      empty: '',
      'odd.json': '{"hash": ["x"], "steps": {"__proto__": 1}}',
      'deep.json': '['.repeat(200_000),
    });
    await rig.runbook(['run', 'a']);
    const pipe = join(rig.dir, 'pipe');
    assert.is(spawnSync('mkfifo', [pipe, `${rig.dir}/runbooks/p.yaml`]).status, 0);

    for (const file of ['pipe', '/dev/zero', '.', 'empty', 'odd.json', 'deep.json', 'gone', '0'.repeat(32), '\u0007'])
      await behaves(rig, ['resume', '--approve', file], [2]);
    for (const file of ['pipe', '/dev/zero', '.', 'gone']) {
      await behaves(rig, ['plan', 'a', '--env-file', file], [2]);
      await behaves(rig, ['import', file], [2]);
      await behaves(rig, ['validate', `./${file}`], [2]);
    }
    await behaves(rig, ['list'], [0]);
  }, 10 * 60_000),
);

test(
  'what is given with --set is taken or refused',
  cliTest(async (rig) => {
    await rig.write({
      'runbooks/a.yaml':
        'inputs:\n  n: {type: integer, default: 1}\n  l: {type: list, default: []}\n  m: {type: map, default: {}}\n  p: {pattern: "(a+)+", default: a}\nsteps: [{id: one, run: "echo ${{ inputs.n }}"}]\n',
    });
    const given = [
      'n=1e999',
      'n=',
      'n=0x1',
      '=',
      '__proto__=1',
      'constructor=x',
      'm={"__proto__": {"polluted": 1}}',
      'm=__proto__=1',
      `l=${'['.repeat(50_000)}`,
      `p=${'a'.repeat(50_000)}!`,
      'p=\n',
      'q=1',
      '\u001b]0;x\u0007=1',
    ];
    for (const one of given) await behaves(rig, ['plan', 'a', '--set', one], [0, 2]);
  }, 10 * 60_000),
);

test.run();
