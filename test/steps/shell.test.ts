import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {StepError} from '../../engine/step-type.ts';
import {stepTest} from '../step-rig.ts';
import {run} from './shell-script.ts';

const test = suite('shell');

const failureOf = async (promise: Promise<unknown>): Promise<StepError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StepError) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

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

test.run();
