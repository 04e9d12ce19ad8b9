import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync} from 'node:fs';
import {appendFile, rename} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended, program, shellRunbook} from '../cli-rig.ts';
import {startPty} from '../pty.ts';

const test = suite('audit');

const TOKEN = 'cnry-T0ken-1';
const OUTPUT = 'cnry-0utput-2';
const PLACED = 'cnry-env-3';

const RUNBOOK = `name: login
title: A runbook that logs in
env: [{file: secret.env, secret: true}]
inputs:
  token: {secret: true, about: What lets you in}
steps:
  - id: greet
    run: echo "I have \${{ inputs.token }} and \${{ env.PLACED }}"
  - id: read
    run: cat hidden
    effect: reads
    outputs: {key: {value: result.stdout.trim(), secret: true}}
  - id: use
    run: echo "\${{ steps.read.outputs.key.upperAscii() }}"
`;

const GIVEN = {RUNBOOK_INPUT_TOKEN: TOKEN};

const ran = async (rig: CliRig): Promise<string> => {
  await rig.write({'runbooks/login.yaml': RUNBOOK, 'env/secret.env': `PLACED=${PLACED}\n`, hidden: `${OUTPUT}\n`});
  const {code, stderr} = await rig.runbook(['run', 'login'], {env: GIVEN});
  assert.is(code, 0, stderr);
  return readdirSync(join(rig.dir, '.runbook/runs'))[0] ?? '';
};

const tellsNoSecret = ({stdout, stderr}: Ended): void => {
  for (const secret of [TOKEN, OUTPUT, PLACED])
    for (const form of [secret, Buffer.from(secret).toString('base64')])
      assert.is((stdout + stderr).includes(form), false, `${form} in\n${stdout}${stderr}`);
};

test(
  'finds nothing in what a run has left, and says what it has looked for',
  cliTest(async (rig) => {
    await ran(rig);

    const audited = await rig.runbook(['audit'], {env: GIVEN});

    assert.is(audited.code, 0, audited.stdout + audited.stderr);
    for (const name of ['inputs.token', 'env.PLACED', 'steps.read.outputs.key', 'steps.read.outputs.key.upperAscii()'])
      assert.match(audited.stdout, `\n  · ${name}\n`);
    assert.match(audited.stdout, /✔ nothing found: no trace of \d secrets/);
    tellsNoSecret(audited);
  }),
);

test(
  'finds a secret in base64 that stands in the log of a step, with its place, and never shows it',
  cliTest(async (rig) => {
    const run = await ran(rig);
    const log = `.runbook/runs/${run}/steps/greet.log`;
    const before = `${await rig.read(log)}first\nüü auth `;
    const planted = Buffer.from(`x:${TOKEN}`).toString('base64');
    await appendFile(join(rig.dir, log), `first\nüü auth ${planted} end\n`);

    const shown = await rig.runbook(['audit'], {env: GIVEN});
    const told = await rig.runbook(['audit', '--json'], {env: GIVEN});

    assert.is(shown.code, 1);
    // of three characters in base64 the first two are of "x:"
    const line = before.split('\n').length;
    assert.match(shown.stdout, `${log}:${line}:${'üü auth '.length + 1 + 3}\n      inputs.token, in base64, byte `);
    assert.match(shown.stdout, '✖ 1 place where 1 secret can be read');
    assert.is(told.code, 1);
    const {leaks, clean} = JSON.parse(told.stdout) as {leaks: Record<string, unknown>[]; clean: boolean};
    assert.is(clean, false);
    assert.is(leaks.length, 1);
    assert.equal(leaks[0], {
      file: join(rig.dir, log),
      line,
      column: 12,
      offset: Buffer.byteLength(before) + 3,
      secret: 'inputs.token',
      encoding: 'base64',
      isPart: false,
    });
    tellsNoSecret(shown);
    tellsNoSecret(told);
  }),
);

test(
  'finds it in any file of the run, and in the name of one',
  cliTest(async (rig) => {
    const run = await ran(rig);
    const folder = join(rig.dir, '.runbook/runs', run);
    await appendFile(
      join(folder, 'copy.json'),
      JSON.stringify({text: `say "${TOKEN}"`, url: encodeURIComponent('a/b')}),
    );
    await rename(join(folder, 'steps/use.log'), join(folder, `steps/${OUTPUT}.log`));

    const audited = await rig.runbook(['audit'], {env: GIVEN});

    assert.is(audited.code, 1);
    assert.match(audited.stdout, 'copy.json:1:16\n      inputs.token, as it is');
    assert.match(audited.stdout, 'steps/***.log, its name\n      steps.read.outputs.key, as it is');
    tellsNoSecret(audited);
  }),
);

test(
  'never calls clean what it could not look for',
  cliTest(async (rig) => {
    const run = await ran(rig);

    const without = await rig.runbook(['audit']);
    const other = await rig.runbook(['audit', '--set', 'token=another-one']);
    await rename(join(rig.dir, 'hidden'), join(rig.dir, 'away'));
    const unread = await rig.runbook(['audit', '--json'], {env: GIVEN});

    assert.is(without.code, 3);
    assert.match(without.stdout, /not looked for\n {2}! inputs\.token +its value is not known/);
    assert.match(without.stdout, '! nothing found, but 1 secret could not be looked for');
    assert.match(without.stdout, `RUNBOOK_INPUT_TOKEN: runbook audit ${run}`);
    assert.is(other.code, 3);
    assert.match(other.stdout, /! inputs\.token +the run had another value than the one that is known now/);
    assert.is(unread.code, 3);
    const {clean, missing} = JSON.parse(unread.stdout) as {clean: boolean; missing: {name: string; why: string}[]};
    assert.is(clean, false);
    assert.ok(
      missing.some(({name, why}) => name === 'steps.read.outputs.key' && why.includes('"read"')),
      unread.stdout,
    );
  }),
);

test(
  'what it can not look into is no proof, either',
  cliTest(async (rig) => {
    const run = await ran(rig);
    assert.is(spawnSync('mkfifo', [join(rig.dir, '.runbook/runs', run, 'pipe')]).status, 0);

    const {code, stdout} = await rig.runbook(['audit'], {env: GIVEN});

    assert.is(code, 3);
    assert.match(stdout, /not looked into\n {2}! \S+\/pipe: it is a named pipe/);
    assert.match(stdout, '! nothing found, but 1 file could not be looked into');
  }),
);

test(
  'searches other files and for other secrets when told to',
  cliTest(async (rig) => {
    await ran(rig);
    await rig.write({'dist/page.html': `<p>${TOKEN}&amp;</p>`, 'notes.txt': 'nothing\nof-the-0ther\n'});
    const further = {...GIVEN, OTHER: 'of-the-0ther'};

    const page = await rig.runbook(['audit', '--also', 'dist'], {env: GIVEN});
    const byName = await rig.runbook(['audit', '--also', 'notes.txt', '--secret-env', 'OTHER'], {env: further});
    const piped = await audited(rig, ['--also', 'notes.txt', '--secret-stdin'], 'of-the-0ther\n');

    assert.is(page.code, 1);
    assert.match(page.stdout, 'dist/page.html:1:4\n      inputs.token, as it is');
    assert.is(byName.code, 1);
    assert.match(byName.stdout, 'notes.txt:2:1\n      variable OTHER, as it is');
    assert.is(piped.code, 1);
    assert.match(piped.stdout, 'notes.txt:2:1\n      standard input, as it is');
  }),
);

const audited = async (
  rig: CliRig,
  args: readonly string[],
  stdin: string,
): Promise<{code: number; stdout: string}> => {
  const [file, ...before] = program;
  const child = spawn(file, [...before, 'audit', ...args], {
    cwd: rig.dir,
    env: {PATH: process.env.PATH ?? '', HOME: rig.dir, ...GIVEN},
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stdin.end(stdin);
  const [code] = (await once(child, 'close')) as [number];
  return {code, stdout};
};

test(
  'pages that were written of the run and of its runbook are searched, too',
  cliTest(async (rig) => {
    const run = await ran(rig);
    assert.is((await rig.runbook(['report'], {env: GIVEN})).code, 0);
    assert.is((await rig.runbook(['audit'], {env: GIVEN})).code, 0);
    await rig.write({'docs/tutorials/login.md': `# Log in\n\n    ${TOKEN}\n`});
    await appendFile(join(rig.dir, `${run}.html`), `<!-- ${encodeURIComponent(JSON.stringify(`${PLACED}`))} -->`);

    const {code, stdout} = await rig.runbook(['audit'], {env: GIVEN});

    assert.is(code, 1);
    assert.match(stdout, 'docs/tutorials/login.md:3:5\n      inputs.token, as it is');
    assert.match(stdout, new RegExp(`${run}\\.html:\\d+:\\d+\n {6}env\\.PLACED, as it is`));
  }),
);

test(
  'asks for a secret on a terminal without showing it',
  cliTest(async (rig) => {
    await ran(rig);

    const pty = startPty(rig, ['audit'], {columns: 100});
    await pty.says('token (What lets you in; leave it empty if you have it no longer)');
    pty.types(`${TOKEN}\r`);

    assert.is(await pty.ended, 0, pty.text());
    assert.match(pty.text(), 'nothing found: no trace of');
    assert.is(pty.raw().includes(TOKEN), false);
  }),
);

test(
  "does what it can without the runbook's file, and says what it can't",
  cliTest(async (rig) => {
    const run = await ran(rig);
    await rename(join(rig.dir, 'runbooks'), join(rig.dir, 'gone'));
    await appendFile(join(rig.dir, `.runbook/runs/${run}/steps/greet.log`), `${TOKEN}\n`);

    const {code, stdout} = await rig.runbook(['audit', '--json'], {env: {...GIVEN, PLACED}});

    assert.is(code, 1);
    const report = JSON.parse(stdout) as {leaks: {secret: string}[]; missing: {name: string}[]; unreadable: object};
    assert.equal(
      report.leaks.map(({secret}) => secret),
      ['inputs.token'],
    );
    assert.ok(
      report.missing.some(({name}) => name.startsWith('steps.read')),
      stdout,
    );
    assert.ok(report.unreadable);
  }),
);

test(
  'says so when a run has no secrets',
  cliTest(async (rig) => {
    await rig.write({'runbooks/plain.yaml': shellRunbook('plain', {a: 'echo hello'})});
    await rig.runbook(['run', 'plain']);

    const {code, stdout} = await rig.runbook(['audit']);

    assert.is(code, 0);
    assert.match(stdout, '✔ this run has no secrets');
  }),
);

test(
  'says what is wrong with what was typed',
  cliTest(async (rig) => {
    await ran(rig);
    for (const [args, message] of [
      [['--also', 'nowhere'], '--also: there is no file or folder "nowhere"'],
      [['--secret-env', 'NOWHERE'], '--secret-env: there is no variable "NOWHERE"'],
      [['--secret-stdin'], '--secret-stdin: the standard input is empty'],
      [['--set', 'tokn=x'], 'has no input "tokn"'],
      [['--set', 'token=x'], 'shorter than 4 characters'],
      [['no-such-run'], 'there is no run "no-such-run"'],
    ] as const) {
      const {code, stderr} = await rig.runbook(['audit', ...args]);
      assert.is(code, 2, stderr);
      assert.match(stderr, message);
      assert.match(stderr, /\n {2}(next|expected) +\S/);
    }
  }),
);

test.run();
