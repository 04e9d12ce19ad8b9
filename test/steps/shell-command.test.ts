import {mkdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type * as v from 'valibot';
import {quote, variable} from '../../engine/sh.ts';
import shell from '../../steps/shell.ts';
import {stepTest} from '../step-rig.ts';
import {given, run} from './shell-script.ts';

const test = suite('shell: its command');

test(
  'shows a plain line as it is',
  stepTest(async (rig) => {
    assert.is(
      shell.command(given({run: 'consul members | grep alive\n'}), rig.context()),
      'consul members | grep alive',
    );
  }),
);

test(
  'shows a secret as a variable',
  stepTest(async (rig) => {
    const line = shell.command(given({run: 'true', stdin: variable('TOKEN')}), rig.context());

    assert.is(line, 'printf %s "$TOKEN" | true');
  }),
);

const CASES: Readonly<Record<string, v.InferInput<typeof shell.options>>> = {
  'several lines': {run: 'cd below\nexit_code=0\npwd >../seen\n'},
  'an unset variable': {run: 'echo "$NOT_SET_ANYWHERE"; touch seen'},
  'a folder of its own': {run: 'pwd >seen', cwd: 'below'},
  'an environment': {run: 'echo "$A$B" >../seen', env: {A: "it's", B: '  $x "y"'}, cwd: 'below'},
  'standard input': {run: 'cat >seen', stdin: '-n %s\\n\n'},
  'a here-document': {run: "cat >seen <<'END'\n$x 'y'\nEND\n"},
  bash: {run: 'set -o | grep -E "^(errexit|nounset|pipefail)" >../seen', shell: 'bash', cwd: 'below', env: {A: 'x y'}},
  'an early end': {run: 'echo a >seen; exit 0; echo b >seen'},
  'a comment at the end': {run: 'echo a >seen # done'},
};
for (const [name, options] of Object.entries(CASES)) {
  test(
    `the command does what the step does: ${name}`,
    stepTest(async (rig) => {
      await mkdir(join(rig.dir, 'below'));
      const seen = async () => {
        const text = await readFile(join(rig.dir, 'below/seen'), 'utf8').catch(() =>
          readFile(join(rig.dir, 'seen'), 'utf8').catch(() => 'nothing'),
        );
        await rig.sh('rm -f seen below/seen');
        return text;
      };
      await run(options, rig.context()).catch(() => undefined);
      const byRun = await seen();

      // as pasted: a shell without -eu, which must live on
      await rig.sh(`set +eu; ${shell.command(given(options), rig.context())}\ntouch alive`);

      assert.is(await seen(), byRun);
      assert.ok((await rig.sh('cat alive')).code === 0, 'the shell lives on');
    }),
  );
}

test(
  'any text reaches the script and its command unharmed',
  stepTest(async (rig) => {
    await fc.assert(
      fc.asyncProperty(fc.string({unit: 'binary'}), async (text) => {
        const clean = text.replaceAll('\0', '');
        const options = given({run: 'printf %s "$TEXT"; printf "|"; cat', env: {TEXT: clean}, stdin: text});
        const ran = await shell.run(options, rig.context());
        const typed = await rig.sh(shell.command(options, rig.context()));
        assert.is(ran.stdout, `${clean}|${text}`);
        assert.is(typed.stdout, ran.stdout, quote(text));
      }),
      {numRuns: 60},
    );
  }),
);

test.run();
