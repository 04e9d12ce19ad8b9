import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {variable} from '../../engine/sh.ts';
import dockerExec from '../../steps/docker-exec.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, failureOf, IMAGE, step} from '../docker-rig.ts';
import {manyTexts} from '../engine/byte-strings.ts';
import {SEED} from '../random.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('docker.exec');
const withEngine = engineTest(test);

const exec = (rig: StepRig, options: {command: (string | number)[]; [option: string]: unknown}) =>
  step(dockerExec, {container: rig.unique, ...options});

/** A test beside a running container. */
const inContainer = (body: (rig: StepRig) => Promise<void>) =>
  dockerTest(async (rig) => {
    await docker(rig, `run -d --name ${rig.unique} ${IMAGE} sleep 1000`);
    await body(rig);
  });

withEngine(
  'hands on both streams and shows them as they come',
  inContainer(async (rig) => {
    const outputs = await exec(rig, {command: ['sh', '-c', 'echo out; echo Grüße >&2']}).run(rig.context());

    assert.equal(outputs, {stdout: 'out\n', stderr: 'Grüße\n', exitCode: 0});
    assert.match(rig.printed(), 'out\n');
    assert.match(rig.printed(), 'Grüße\n');
  }),
);

withEngine(
  'prints what its command line prints',
  inContainer(async (rig) => {
    const env = {GREETING: "it's $HOME"};
    const line = exec(rig, {
      command: ['sh', '-c', 'echo "$GREETING"; pwd; id -un; cat'],
      env,
      user: 'nobody',
      workdir: '/tmp',
      stdin: 'in\n',
    });

    const {stdout} = await line.run(rig.context());

    assert.is(stdout, "it's $HOME\n/tmp\nnobody\nin\n");
    assert.is((await rig.sh(line.command(rig.context()))).stdout, stdout);
  }),
);

withEngine(
  'hands every text to the command unchanged, run or pasted, as a word, a variable or its input',
  inContainer(async (rig) => {
    const texts = manyTexts(30, SEED);
    const env = Object.fromEntries(texts.map((text, index) => [`T${index}`, text]));
    const script = `for word; do printf '%s\\0' "$word"; done; ${texts.map((_, index) => `printf '%s\\0' "$T${index}"`).join('; ')}; cat`;
    const stdin = texts.join('|');
    const line = exec(rig, {command: ['sh', '-c', script, 'sh', ...texts], env, stdin});

    const {stdout} = await line.run(rig.context());
    const typed = await rig.sh(line.command(rig.context()));

    const all = [...texts, ...texts].map((text) => `${text}\0`).join('') + stdin;
    assert.ok(stdout === all, JSON.stringify(stdout));
    assert.is(typed.code, 0, typed.stderr);
    assert.ok(typed.stdout === all, JSON.stringify(typed.stdout));
  }),
);

withEngine(
  'ends what an attempt that was killed has left running in the container, where its processes are out of our sight too',
  inContainer(async (rig) => {
    const mark = `RUNBOOK_STEP=${rig.unique}/step/1`;
    await docker(
      rig,
      `exec -d -e ${mark} ${rig.unique} sh -c 'trap "" TERM; while :; do sleep 0.1; echo >>/late; done'`,
    );
    await docker(rig, `exec -d -e RUNBOOK_STEP=${rig.unique}/step2/1 ${rig.unique} sleep 777`);
    const list = exec(rig, {command: ['ps', '-o', 'args']});

    const {stdout} = await list.run(rig.context({attempt: 2}));

    assert.not.match(stdout, '/late');
    assert.match(stdout, 'sleep 777');
  }),
);

withEngine(
  'fails with the exit code and the last words of the command',
  inContainer(async (rig) => {
    const error = await failureOf(exec(rig, {command: ['sh', '-c', 'echo broken >&2; exit 3']}).run(rig.context()));

    assert.is(error.details.code, 'command-failed');
    assert.is(error.message, `"sh" exited with code 3 in container "${rig.unique}"`);
    assert.is(error.details.found, 'broken');
  }),
);

withEngine(
  'says when there is no such command, no such container, or it does not run',
  inContainer(async (rig) => {
    const noCommand = await failureOf(exec(rig, {command: ['nosuch']}).run(rig.context()));
    await docker(rig, `kill ${rig.unique}`);
    const stopped = await failureOf(exec(rig, {command: ['true']}).run(rig.context()));
    await docker(rig, `rm ${rig.unique}`);
    const gone = await failureOf(exec(rig, {command: ['true']}).run(rig.context()));

    assert.match(noCommand.details.found ?? '', 'executable file not found');
    assert.is(stopped.message, 'the container is not running');
    assert.is(gone.details.code, 'no-such-container');
  }),
);

withEngine(
  'ends what it started in the container when it is aborted, also what does not listen to TERM',
  inContainer(async (rig) => {
    const signal = AbortSignal.timeout(500);
    const script = 'sleep 2001 & trap "" TERM; sleep 2002 & wait; sleep 2003';

    await exec(rig, {command: ['sh', '-c', script]})
      .run(rig.context({signal}))
      .then(
        () => assert.unreachable(),
        (error) => assert.is(error, signal.reason),
      );

    assert.not.match(await docker(rig, `exec ${rig.unique} ps -o args`), 'sleep 200');
    assert.is(await docker(rig, `inspect -f '{{.State.Running}}' ${rig.unique}`), 'true');
  }),
);

withEngine(
  'keeps the first million characters of what never stops printing',
  inContainer(async (rig) => {
    const {stdout} = await exec(rig, {command: ['sh', '-c', 'yes | head -c 5000000']}).run(rig.context());

    assert.ok(stdout.length < 1_100_000);
    assert.match(stdout, '4000000 more characters left out');
  }),
);

test('shows secrets as variables that reach the container by environment and standard input', () => {
  const line = step(dockerExec, {
    container: 'web',
    command: ['login'],
    env: {TOKEN: variable('token')},
    stdin: variable('password'),
  });

  const site = {on: 'far', dir: '/', cwd: '/'};
  assert.is(
    dockerExec.command(line.options, site),
    'printf %s "$password" | TOKEN="$token" docker --context far exec -i -e TOKEN web login',
  );
});

test('has a line that opens a shell where its command is run', () => {
  const env = {TOKEN: variable('token'), MODE: 'very fast'};
  const {options} = step(dockerExec, {container: 'web', command: ['login'], user: 'me', workdir: '/srv', env});

  assert.is(
    dockerExec.enter?.line(options, {on: 'far', dir: '/', cwd: '/'}),
    `TOKEN="$token" docker --context far exec -it -e TOKEN -e 'MODE=very fast' -u me -w /srv web sh`,
  );
});

test.run();
