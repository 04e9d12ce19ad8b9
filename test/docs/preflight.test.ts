import {chmodSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended} from '../cli-rig.ts';
import {engineTest, testEngine} from '../docker-engine.ts';

const test = suite('the runbook preflight');
const onEngine = engineTest(test);

const preflight = async (rig: CliRig, env: Readonly<Record<string, string>> = {}): Promise<Ended> => {
  const engine = await testEngine();
  await engine.load('runbook/consul:1.8.7');
  return rig.runbook(['run', 'preflight'], {env: {...engine.env, ...env}});
};

/** The row of a tool in the table, without the clock before it. */
const row = ({stderr}: Ended, tool: string): string =>
  new RegExp(`table +\\| (${tool} .*)$`, 'm').exec(stderr)?.[1]?.replace(/ +/g, ' ') ?? stderr;

/** Puts a program of that name before the real ones, which it can reach as `$REAL`. */
const pretend = async (rig: CliRig, name: string, script: string): Promise<{PATH: string}> => {
  await rig.write({[`bin/${name}`]: `#!/bin/sh\nREAL="env PATH=${process.env.PATH} ${name}"\n${script}\n`});
  chmodSync(join(rig.dir, 'bin', name), 0o755);
  return {PATH: [join(rig.dir, 'bin'), process.env.PATH].join(delimiter)};
};

onEngine(
  'ends with a table of what was found',
  cliTest(async (rig) => {
    const done = await preflight(rig);

    assert.is(done.code, 0, done.stderr);
    assert.match(row(done, 'docker command'), /^docker command \d+\.\d+\.\d+ 20\.10 1\.9\.1 ok$/);
    assert.match(row(done, 'docker engine'), /^docker engine \d+\.\d+\.\d+ 20\.10 1\.9\.1 ok$/);
    assert.match(row(done, 'swarm'), / ok, inactive$/);
    assert.match(row(done, 'consul image'), /^consul image 1\.\d+\.\d+ 1\.8 0\.5\.2 ok$/);
  }),
);

onEngine(
  'fails when Docker is too old, and shows the whole table',
  cliTest(async (rig) => {
    const env = await pretend(
      rig,
      'docker',
      '[ "$3" = "{{.Client.Version}}" ] && echo 19.03.15 && exit; exec $REAL "$@"',
    );

    const done = await preflight(rig, env);

    assert.is(done.code, 1);
    assert.is(row(done, 'docker command'), 'docker command 19.03.15 20.10 1.9.1 TOO OLD');
    assert.match(row(done, 'docker engine'), / ok$/);
    assert.match(done.stderr, '[check-failed]');
  }),
);

onEngine(
  'says that an optional tool is old or missing, and goes on',
  cliTest(async (rig) => {
    const old = '[ "$1" = compose ] && echo 1.29.2 && exit; exec $REAL "$@"';
    const {PATH} = await pretend(rig, 'docker', old);
    await pretend(rig, 'consul', 'exit 127');

    const done = await preflight(rig, {PATH});

    assert.is(done.code, 0, done.stderr);
    assert.is(row(done, 'docker compose'), 'docker compose 1.29.2 2.0 1.5.2 old; only for Compose files');
    assert.is(row(done, 'consul command'), 'consul command - any - not here; docker exec has it');
  }),
);

test(
  'needs Docker, and says how to get it',
  cliTest(async (rig) => {
    const done = await rig.runbook(['run', 'preflight'], {env: {DOCKER_HOST: 'unix:///nowhere/docker.sock'}});

    assert.is(done.code, 3);
    assert.match(done.stderr, 'requirement-missing');
  }),
);

test.run();
