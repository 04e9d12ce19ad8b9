import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {stringify} from 'yaml';
import {prints, quote, sh} from '../../engine/sh.ts';
import {type CliRig, cliTest} from '../cli-rig.ts';
import {SEED, times} from '../random.ts';
import {hasTools} from '../tools.ts';
import {manyTexts, texts} from './byte-strings.ts';

const test = suite('quoting');

const SHELLS = ['sh', 'dash', 'bash'];
const ofShells = hasTools(...SHELLS) ? test : test.skip;
const ofScripts = hasTools(...SHELLS, 'jq') ? test : test.skip;

/** What a shell prints, byte by byte. */
const said = (shell: string, line: string, cwd?: string): string => {
  const {stdout, stderr, status} = spawnSync(shell, ['-c', line], {
    cwd,
    // a socket there makes bash read the user's bashrc
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {PATH: process.env.PATH, LC_ALL: 'C.UTF-8'},
  });
  assert.is(status, 0, `${shell}: ${line}\n${stderr}`);
  return stdout.toString();
};

for (const shell of SHELLS)
  ofShells(`${shell} reads every quoted text as just that`, () => {
    fc.assert(
      fc.property(fc.array(texts, {minLength: 1, maxLength: 8}), (words) => {
        const all = words.map((word) => `<${word}>`).join('');
        assert.is(said(shell, sh`printf '<%s>' ${words}`), all);
        assert.is(said(shell, words.map(prints).join('\n')), words.join(''));
      }),
      {seed: SEED, numRuns: times(40)},
    );
  });

ofShells('bash expands no history where a person pastes a quoted text', () => {
  const words = ['!!', 'a!b', '!$', "it's!x", '"!"', '!-1'];
  const {stdout} = spawnSync('bash', ['--norc', '-i'], {
    input: `${sh`printf '<%s>' ${words}`}\nexit\n`,
    env: {PATH: process.env.PATH, TERM: 'dumb', HISTFILE: ''},
  });
  assert.is(stdout.toString(), words.map((word) => `<${word}>`).join(''));
});

/** A way for a text to reach a file, which is called `%` here. */
const WAYS: Readonly<Record<string, (text: string, file: string) => Record<string, unknown>>> = {
  bare: (_, file) => ({run: `printf %s \${{ inputs.texts[IT] }} > ${file}`}),
  double: (_, file) => ({run: `printf %s "\${{ inputs.texts[IT] }}" > ${file}`}),
  here: (_, file) => ({run: `cat > ${file} <<TEXT\n[\${{ inputs.texts[IT] }}]\nTEXT`}),
  bash: (_, file) => ({uses: 'shell', with: {shell: 'bash', run: `printf %s \${{ inputs.texts[IT] }} > ${file}`}}),
  env: (_, file) => ({uses: 'shell', with: {env: {A: '${{ inputs.texts[IT] }}'}, run: `printf %s "$A" > ${file}`}}),
  bashstdin: (_, file) => ({
    uses: 'shell',
    with: {shell: 'bash', stdin: '${{ inputs.texts[IT] }}', run: `cat > ${file}`},
  }),
  stdin: (_, file) => ({uses: 'shell', with: {stdin: '${{ inputs.texts[IT] }}', run: `cat > ${file}`}}),
  written: (text, file) => ({run: `printf %s ${quote(text)} > ${file}`}),
};

const runbookOf = (all: readonly string[]): string =>
  stringify(
    {
      inputs: {texts: {type: 'list', default: all}},
      steps: all.flatMap((text, index) =>
        Object.entries(WAYS).map(([way, step]) => ({
          id: `${way}${index}`,
          needs: [],
          ...(JSON.parse(JSON.stringify(step(text, `${way}${index}`)).replaceAll('[IT]', `[${index}]`)) as object),
        })),
      ),
    },
    {
      lineWidth: 0,
      defaultStringType: 'QUOTE_DOUBLE',
      defaultKeyType: 'PLAIN',
      doubleQuotedMinMultiLineLength: 1_000_000,
    },
  );

const wanted = (way: string, text: string): string => (way === 'here' ? `[${text}]\n` : text);

const compare = (dir: string, all: readonly string[], ways: readonly string[] = Object.keys(WAYS)): void => {
  for (const [index, text] of all.entries())
    for (const way of ways) {
      const file = join(dir, `${way}${index}`);
      assert.ok(existsSync(file), `${way} ${JSON.stringify(text)}: nothing arrived`);
      assert.is(readFileSync(file, 'utf8'), wanted(way, text), `${way} ${JSON.stringify(text)}`);
    }
};

const TEXTS = manyTexts(times(20), SEED);

test(
  'every text arrives in the process of a step unchanged, whichever way it takes',
  cliTest(async (rig) => {
    await rig.write({'runbooks/q.yaml': runbookOf(TEXTS)});
    const {code, stderr} = await rig.runbook(['run', 'q', '--concurrency', '8']);
    assert.is(code, 0, stderr.slice(-3000));
    compare(rig.dir, TEXTS);
    assert.not.ok(rig.exists('pwned'));
  }, 20 * 60_000),
);

for (const shell of ['dash', 'bash'])
  ofScripts(
    `and so it does in the script that is exported, in ${shell}`,
    cliTest(async (rig) => {
      await rig.write({'runbooks/q.yaml': runbookOf(TEXTS)});
      const shown = await rig.runbook(['show', 'q', '--format', 'sh']);
      assert.is(shown.code, 0, shown.stderr);
      await rig.write({'there/q.sh': shown.stdout});
      const {status, stderr} = spawnSync(shell, ['./q.sh'], {
        cwd: join(rig.dir, 'there'),
        env: {PATH: process.env.PATH},
      });
      assert.is(status, 0, stderr.toString().slice(-3000));
      compare(join(rig.dir, 'there'), TEXTS);
      assert.not.ok(rig.exists('there/pwned'));
    }, 10 * 60_000),
  );

/** The commands of a printed page, as a person marks and copies them: from behind the prompt to the next prose. */
const commandsIn = (page: string, ids: readonly string[]): ReadonlyMap<string, string> => {
  const lines = page.split('\n');
  const found = new Map<string, string>();
  for (const id of ids) {
    const head = lines.findIndex((line) => new RegExp(`(^|\\s)${id}(\\s|$)`).test(line));
    const start = lines.findIndex((line, index) => index > head && /^\s+\$ /.test(line));
    const first = (lines[start] ?? '').replace(/^\s+\$ /, '');
    const count = Number(/^\(these (\d+) lines, from the left margin on\)$/.exec(first)?.[1] ?? 0);
    const indented = lines.slice(start + 1).findIndex((line) => !/^ {6}/.test(line));
    const rest =
      count > 0 ? lines.slice(start + 1, start + 1 + count) : [first, ...lines.slice(start + 1, start + 1 + indented)];
    found.set(id, rest.join('\n'));
  }
  return found;
};

/** Pages show no characters that would move the cursor. */
const PRINTABLE = TEXTS.filter(
  (text) => !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028\u2029\ufeff]/u.test(text),
);
const COPIED = PRINTABLE.slice(0, times(40));

const pasted = async (rig: CliRig, command: readonly string[], shell: string): Promise<void> => {
  const {stdout, code, stderr} = await rig.runbook(command, {env: {COLUMNS: '100'}});
  assert.is(code, 0, stderr);
  // a here-document of which a line is the delimiter's can't be shown otherwise
  const ways = Object.keys(WAYS).filter((way) => way !== 'here');
  const ids = COPIED.flatMap((_, index) => ways.map((way) => `${way}${index}`));
  const folder = join(rig.dir, shell);
  await rig.write({[`${shell}/.keep`]: ''});
  const lines = [...commandsIn(stdout, ids).values()];
  const {status, stderr: said} = spawnSync(shell, ['-s'], {
    cwd: folder,
    input: `${lines.join('\n')}\n`,
    env: {PATH: process.env.PATH},
  });
  assert.is(status, 0, said.toString());
  compare(folder, COPIED, ways);
};

for (const shell of ['dash', 'bash'])
  ofShells(
    `what plan and show print does the same when it is pasted into ${shell}`,
    cliTest(async (rig) => {
      await rig.write({'runbooks/q.yaml': runbookOf(COPIED)});
      await pasted(rig, [shell === 'bash' ? 'show' : 'plan', 'q'], shell);
    }, 10 * 60_000),
  );

ofShells(
  'the command of a failed step does the same when it is pasted',
  cliTest(async (rig) => {
    const odd = COPIED.filter((text) => text.includes('\n')).slice(0, 6);
    for (const [index, text] of odd.entries()) {
      const run = `printf %s \${{ inputs.text }} > out${index}; : ${index}`;
      await rig.write({
        'runbooks/f.yaml': stringify({
          inputs: {text: {default: text}},
          steps: [{id: 'fails', uses: 'shell', with: {run, shell: 'bash'}, expect: 'false'}],
        }),
      });
      const {stderr} = await rig.runbook(['run', 'f', '--no-menu']);
      const report = stderr.slice(stderr.indexOf('\n✖ runbooks'));
      const [, first = '', rest = ''] = /\n {2}ran {7}(.*)\n([\s\S]*?)\n(?: {2}output|\n✖|$)/.exec(report) ?? [];
      const command = /^\(these/.test(first) ? rest : `${first}\n${rest}`;
      await rig.write({'again/.keep': ''});
      said('dash', command, join(rig.dir, 'again'));
      assert.is(readFileSync(join(rig.dir, `again/out${index}`), 'utf8'), text, report);
    }
  }, 10 * 60_000),
);

ofScripts(
  'what a step has printed reaches later steps byte by byte, also in the exported script',
  cliTest(async (rig) => {
    const all = ['a', 'ends\n', 'ends twice\n\n', '\n', "it's $HOME `x`", '-n', '\\', '  blanks  ', 'é💩'];
    const steps = all.flatMap((text, index) => [
      {id: `say${index}`, run: prints(text)},
      {id: `hear${index}`, run: `printf %s \${{ steps.say${index}.outputs.stdout }} > heard${index}`},
    ]);
    await rig.write({'runbooks/q.yaml': stringify({steps})});
    const compareIn = (dir: string): void => {
      for (const [index, text] of all.entries())
        assert.is(readFileSync(join(dir, `heard${index}`), 'utf8'), text, JSON.stringify(text));
    };

    const {code, stderr} = await rig.runbook(['run', 'q']);
    assert.is(code, 0, stderr);
    compareIn(rig.dir);

    const shown = await rig.runbook(['show', 'q', '--format', 'sh']);
    for (const shell of ['dash', 'bash']) {
      await rig.write({[`${shell}/q.sh`]: shown.stdout});
      const {status, stderr} = spawnSync(shell, ['./q.sh'], {cwd: join(rig.dir, shell), env: {PATH: process.env.PATH}});
      assert.is(status, 0, stderr.toString());
      compareIn(join(rig.dir, shell));
    }
  }),
);

test.run();
