import {execFile} from 'node:child_process';
import {mkdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import {quote, variable} from '../../engine/sh.ts';
import {type StepContext, StepError} from '../../engine/step-type.ts';
import shell from '../../steps/shell.ts';
import {type StepRig, stepTest} from '../step-rig.ts';

const test = suite('shell');

const given = (options: v.InferInput<typeof shell.options>) => v.parse(shell.options, options);
const run = (options: v.InferInput<typeof shell.options>, context: StepContext) => shell.run(given(options), context);

const failureOf = async (promise: Promise<unknown>): Promise<StepError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StepError) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

/** The environment of one step, by which its processes are found again. */
const marked = (rig: StepRig, overrides: Partial<StepContext> = {}) =>
  rig.context({env: {...process.env, RUNBOOK_STEP: `${rig.unique}/step/1`}, ...overrides});

/** A zombie has ended: only its parent has not asked yet. */
const isAlive = async (pid: number): Promise<boolean> => {
  assert.ok(pid > 1);
  if (process.platform === 'linux') {
    return !/\) [ZX]/.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') X'));
  }
  return (await promisify(execFile)('ps', ['-p', String(pid)]).catch(() => undefined)) !== undefined;
};

/** The process whose number the script wrote to a file. */
const writtenIn = async (rig: StepRig, file: string) => Number(await readFile(join(rig.dir, file), 'utf8'));

test(
  'hands on what was printed and the exit code',
  stepTest(async (rig) => {
    const result = await run({run: 'echo out; echo err >&2'}, rig.context());

    assert.equal(result, {stdout: 'out\n', stderr: 'err\n', exitCode: 0});
    assert.match(rig.printed(), 'out\n');
    assert.match(rig.printed(), 'err\n');
  }),
);

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test(
  'leaves no timer behind, which would keep the program from ending',
  stepTest(async (rig) => {
    const context = rig.context();
    const before = timers();

    await run({run: 'echo out'}, context);

    assert.is(timers(), before);
  }),
);

test(
  'gives a script that is given nothing an empty standard input that is no pipe',
  stepTest(async (rig) => {
    const {stdout} = await run({run: 'cat; test -p /dev/stdin || echo none'}, rig.context());

    assert.is(stdout, 'none\n');
  }),
);

test(
  'reads what was printed as JSON when it is JSON',
  stepTest(async (rig) => {
    const result = await run({run: `printf '{"nodes": [1, 2]}'`}, rig.context());

    assert.equal(result.json, {nodes: [1, 2]});
  }),
);

test(
  'fails with the exit code, and stops at the first command that fails',
  stepTest(async (rig) => {
    const error = await failureOf(run({run: 'false\necho not reached'}, rig.context()));
    const other = await failureOf(run({run: 'exit 3'}, rig.context()));

    assert.is(error.message, 'exited with code 1');
    assert.is(other.message, 'exited with code 3');
    assert.is(other.details.code, 'command-failed');
    assert.is(rig.printed(), '');
  }),
);

test(
  'says what 126, 127 and a signal mean',
  stepTest(async (rig) => {
    const missing = await failureOf(run({run: 'no-such-command-here'}, rig.context()));
    const denied = await failureOf(run({run: '/etc/passwd'}, rig.context()));
    const killed = await failureOf(run({run: 'kill -9 $$'}, rig.context()));

    assert.match(missing.message, 'code 127: a command was not found');
    assert.match(denied.message, 'code 126: a command is not executable');
    assert.is(killed.message, 'was ended by SIGKILL');
  }),
);

test(
  'fails for an unset variable, and in bash for a pipe that breaks',
  stepTest(async (rig) => {
    const unset = await failureOf(run({run: 'echo "$NOT_SET_ANYWHERE"'}, rig.context()));
    const pipe = await failureOf(run({run: 'false | true', shell: 'bash'}, rig.context()));

    assert.ok(unset.message.startsWith('exited with code'));
    assert.is(pipe.message, 'exited with code 1');
  }),
);

test(
  'gives the script its environment, folder and standard input',
  stepTest(async (rig) => {
    await mkdir(join(rig.dir, 'below'));
    const script = 'printf "%s|%s|" "$NAME" "$(basename "$PWD")"; cat';

    const result = await run({run: script, env: {NAME: 'a "b" $c'}, cwd: 'below', stdin: 'é\n'}, rig.context());

    assert.is(result.stdout, 'a "b" $c|below|é\n');
  }),
);

test(
  'names the Docker context of `on` to the script, over a DOCKER_HOST',
  stepTest(async (rig) => {
    const context = rig.context({on: 'swarm-master', env: {...process.env, DOCKER_HOST: 'tcp://elsewhere'}});

    const result = await run({run: 'echo "$DOCKER_CONTEXT,$DOCKER_HOST"'}, context);

    assert.is(result.stdout, 'swarm-master,\n');
  }),
);

test(
  'a folder that does not exist is named',
  stepTest(async (rig) => {
    const error = await failureOf(run({run: 'true', cwd: 'nowhere'}, rig.context()));

    assert.match(error.message, `no such folder: ${rig.dir}/nowhere`);
  }),
);

test(
  'a value too large for an environment variable is explained',
  stepTest(async (rig) => {
    const error = await failureOf(run({run: 'true', env: {BIG: 'x'.repeat(200_000)}}, rig.context()));

    assert.match(error.message, 'larger than 128 KB');
    assert.match(error.details.next ?? '', 'stdin');
  }),
);

test(
  'a reader that leaves early does no harm to a large standard input',
  stepTest(async (rig) => {
    const result = await run({run: 'head -c 1', stdin: 'x'.repeat(5_000_000)}, rig.context());

    assert.is(result.stdout, 'x');
  }),
);

test(
  'survives binary output',
  stepTest(async (rig) => {
    const result = await run({run: 'head -c 100000 /dev/urandom'}, rig.context());

    assert.ok(result.stdout.length > 0);
  }),
);

test(
  'keeps a character whole that arrives in two pieces',
  stepTest(async (rig) => {
    await run({run: `printf '\\303'; sleep 0.1; printf '\\251'`}, rig.context());

    assert.is(rig.printed(), 'é');
  }),
);

test(
  'keeps both ends of a gigabyte in little memory',
  stepTest(async (rig) => {
    const before = process.memoryUsage.rss();
    let length = 0;
    const context = rig.context({output: (text) => void (length += text.length)});

    const result = await run({run: 'echo first; head -c 1000000000 /dev/zero | tr "\\0" x; echo; echo last'}, context);

    assert.ok(length > 1_000_000_000);
    assert.match(result.stdout, /^first\nx+\n\[\.\.\. \d+ bytes left out \.\.\.\]\nx+\nlast\n$/);
    assert.ok(result.stdout.length < 1.1 * 1024 * 1024);
    assert.ok(process.memoryUsage.rss() - before < 300 * 1024 * 1024);
  }),
);

test(
  'does not wait for a child in the background that keeps the pipe open',
  stepTest(async (rig) => {
    const result = await run({run: 'sleep 30 & echo $!'}, rig.context());

    rig.cleanup(() => process.kill(Number(result.stdout), 'SIGKILL'));
    assert.ok(await isAlive(Number(result.stdout)), 'what it started in the background stays');
  }),
);

test(
  'does not wait for a child in the background that prints for ever',
  stepTest(async (rig) => {
    await run({run: 'yes & true'}, rig.context());
  }),
);

test(
  'ends the whole group when the time is over, and settles when it is gone',
  stepTest(async (rig) => {
    const context = marked(rig, {signal: AbortSignal.timeout(300)});
    const script = 'sleep 31 & echo $! >child; echo $$ >self; wait';

    const error = await run({run: script}, context).then(
      () => undefined,
      (reason) => reason,
    );

    assert.is(error?.name, 'TimeoutError');
    assert.not.ok(await isAlive(await writtenIn(rig, 'child')));
    assert.not.ok(await isAlive(await writtenIn(rig, 'self')));
  }),
);

test(
  'ends a descendant that left the group',
  stepTest(async (rig) => {
    if (process.platform !== 'linux') return;
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped')), 500);
    const script = `setsid sh -c 'echo $$ >far; exec sleep 32' & sleep 32`;

    await run({run: script}, marked(rig, {signal: stop.signal})).catch(() => undefined);

    assert.not.ok(await isAlive(await writtenIn(rig, 'far')));
  }),
);

test(
  'kills what does not end when it is asked to',
  stepTest(async (rig) => {
    const script = `trap '' TERM; echo $$ >self; while :; do sleep 0.1; done`;

    await run({run: script}, marked(rig, {signal: AbortSignal.timeout(300)})).catch(() => undefined);

    assert.not.ok(await isAlive(await writtenIn(rig, 'self')));
  }),
);

test(
  'lets a process clean up in its grace period',
  stepTest(async (rig) => {
    const script = `trap 'echo cleaned >mark; exit 1' TERM; while :; do sleep 0.05; done`;

    await run({run: script}, marked(rig, {signal: AbortSignal.timeout(300)})).catch(() => undefined);

    assert.is(await readFile(join(rig.dir, 'mark'), 'utf8'), 'cleaned\n');
  }),
);

test(
  'starts nothing when it is already over',
  stepTest(async (rig) => {
    await run({run: 'touch started'}, rig.context({signal: AbortSignal.abort(new Error('over'))})).catch(
      () => undefined,
    );

    assert.is((await rig.sh('test -e started')).code, 1);
  }),
);

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
