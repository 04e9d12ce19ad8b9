import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest} from '../cli-rig.ts';

const test = suite('runbook env');

test(
  'prints what points a shell at a machine, as docker-machine env does, and what takes it back',
  cliTest(async (rig) => {
    const made = await rig.runbook(['keys', 'swarm-master', '192.168.99.102']);
    const folder = made.stdout.trim();
    assert.is(made.code, 0, made.stderr);

    const {stdout} = await rig.runbook(['env', 'swarm-master', '--shell', 'sh']);
    const fish = await rig.runbook(['env', 'swarm-master', '--shell', 'fish']);
    const unset = await rig.runbook(['env', '-u', '--shell', 'bash']);

    assert.is(
      stdout,
      `export DOCKER_TLS_VERIFY="1"
export DOCKER_HOST="tcp://192.168.99.102:2376"
export DOCKER_CERT_PATH="${folder}"
export DOCKER_MACHINE_NAME="swarm-master"
# Run this command to configure your shell:
# eval $(runbook env swarm-master --shell sh)
`,
    );
    assert.match(fish.stdout, /^set -gx DOCKER_HOST "tcp:\/\/192\.168\.99\.102:2376";$/m);
    assert.match(unset.stdout, /^unset DOCKER_TLS_VERIFY\nunset DOCKER_HOST\nunset DOCKER_CERT_PATH\n/);
  }),
);

test(
  'names the machines there are when it is asked for another',
  cliTest(async (rig) => {
    await rig.runbook(['keys', 'swarm-master', '192.168.99.102']);

    const {code, stderr} = await rig.runbook(['env', 'swarm-mistress']);

    assert.is(code, 2);
    assert.match(stderr, /there is no machine "swarm-mistress"/);
    assert.match(stderr, /swarm-master/);
  }),
);

test(
  'forgets a machine’s keys when it is told to, and takes no path for a name',
  cliTest(async (rig) => {
    await rig.runbook(['keys', 'swarm-master', '192.168.99.102']);

    const removed = await rig.runbook(['keys', '--remove', 'swarm-master']);
    const path = await rig.runbook(['keys', '--remove', '../..']);

    assert.is(removed.code, 0, removed.stderr);
    assert.is((await rig.runbook(['env', 'swarm-master'])).code, 2);
    assert.is(path.code, 2);
  }),
);

test.run();
