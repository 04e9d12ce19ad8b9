import {test} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest} from '../cli-rig.ts';
import {hasTools} from '../tools.ts';
import {blocksOf, readProject} from './blocks.ts';

const document = readProject('docs/journal.md');
const entries = readProject('engine/entries.ts');

/** The members of each entry, by its type, as `entries.ts` declares them. */
const declared = (): Map<string, string[]> => {
  const union = entries.slice(entries.indexOf('export type Entry'), entries.indexOf('export interface Selection'));
  const parts = union.split(/type: '([a-z-]+)'/).slice(1);
  const pairs = Array.from({length: parts.length / 2}, (_, i) => [parts[2 * i] ?? '', parts[2 * i + 1] ?? ''] as const);
  return new Map(pairs.map(([type, body]) => [type, [...body.matchAll(/readonly (\w+)\??:/g)].map((m) => m[1] ?? '')]));
};

const section = (title: string): string => document.split(`\n### ${title}\n`)[1]?.split('\n### ')[0] ?? '';

const RUNBOOK = `name: hello
steps:
  - id: greet
    run: echo hello
  - id: note
    uses: file.write
    with: {path: note.txt, content: hello}
  - id: stop
    run: test -e go
`;

const madeRun = async (rig: CliRig): Promise<void> => {
  await rig.write({'hello.yaml': RUNBOOK});
  assert.is((await rig.runbook(['run', './hello.yaml'])).code, 1);
  await rig.write({go: ''});
  assert.is((await rig.runbook(['resume'])).code, 0);
};

const [where, ...commands] = blocksOf(document).filter(({language}) => language === 'sh');

/** Runs a command of the document as a reader would, behind the lines that say where the journal is. */
const typed = async (rig: CliRig, text: string): Promise<string> => {
  const {stdout, stderr, code} = await rig.start([], {command: ['sh', '-euc', `${where?.text}\n${text}`]}).ended;
  assert.is(code, 0, `${text}\n${stderr}`);
  return stdout;
};

const withJq = hasTools('jq') ? test : test.skip;

test('docs/journal.md describes every entry and each of its members', () => {
  assert.ok(declared().size > 10);
  for (const [type, members] of declared()) {
    const text = section(`\`${type}\``);
    assert.ok(text !== '', `no section about ${type}`);
    for (const member of members) assert.ok(text.includes(`\`${member}\``), `${type}: nothing about ${member}`);
  }
});

test('docs/journal.md describes no entry that is not written', () => {
  const described = [...document.matchAll(/^### `([a-z-]+)`$/gm)].map((match) => match[1] ?? '');
  for (const type of described) assert.ok(declared().has(type), type);
});

test('docs/journal.md describes all of the record of a step', () => {
  const record = /export interface StepRecord \{([\s\S]*?)\n\}/.exec(entries)?.[1] ?? '';
  const members = [...record.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] ?? '');
  assert.ok(members.length > 5);
  for (const member of members) assert.ok(section('The record of a step').includes(`\`${member}\``), member);
});

withJq(
  'every command of docs/journal.md works on a real journal',
  cliTest(async (rig) => {
    await madeRun(rig);

    const printed = await Promise.all(commands.map(({text}) => typed(rig, text)));

    const about = (word: string): string => printed[commands.findIndex(({text}) => text.includes(word))] ?? '';
    assert.match(about('.at, .type'), /^1\t.*\trun-started\t\n2\t.*\tstep-started\tgreet\n/);
    assert.match(about('[.step, .type]'), /^greet\tstep-checkpointed\nnote\t/);
    assert.is(JSON.parse(about('last.outputs')).stdout, 'hello\n');
    assert.match(about('durationMs'), /^\d+\t\w+\n/);
    assert.is(about('step-started'), '');
    assert.match(about('greet.times'), /^0\t\d{4}-\d\d-\d\dT[\d:.]+Z\t1\n$/);
    assert.match(about('index.jsonl'), /^\d{8}-\d{6}-\w{5}\thello\tdone\n$/);
  }),
);

withJq(
  'the checksum of docs/journal.md is that of the journal, and notices a changed line',
  cliTest(async (rig) => {
    await madeRun(rig);
    const command = commands.find(({text}) => text.includes('gzip'))?.text ?? '';

    const [byHand, written] = (await typed(rig, command)).trim().split('\n');
    const [changed, before] = (
      await typed(rig, `sed 's/hello/hallo/' "$journal" > changed; journal=changed\n${command}`)
    )
      .trim()
      .split('\n');

    assert.match(written ?? '', /^[0-9a-f]{8}$/);
    assert.is(byHand, written);
    assert.is(before, written);
    assert.is.not(changed, written);
  }),
);

test.run();
