import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import machineCreate from '../../steps/machine-create.ts';
import machineInspect from '../../steps/machine-inspect.ts';
import machineRemove from '../../steps/machine-remove.ts';
import machineSsh from '../../steps/machine-ssh.ts';
import machineStop from '../../steps/machine-stop.ts';
import {docker, failureOf, step} from '../docker-rig.ts';
import {ownFolders} from '../machine-rig.ts';
import {startHost, whyNoHost} from '../ssh-host.ts';
import {type StepRig, stepTest} from '../step-rig.ts';

const test = suite('machines by ssh');
const reason = whyNoHost();
if (reason !== undefined && process.env.CI !== 'true') console.error(`SKIPPED: machines by ssh (${reason})`);
const withHost = reason === undefined || process.env.CI === 'true' ? test : test.skip;

const sshTest = (body: (rig: StepRig, host: Awaited<ReturnType<typeof startHost>>) => Promise<void>) => {
  const {DOCKER_HOST: _, DOCKER_CONTEXT: __, SSH_AUTH_SOCK: ___, ...env} = process.env;
  return stepTest(
    async (rig) => {
      await ownFolders(rig, env);
      await body(rig, await startHost(rig));
    },
    async () => env,
  );
};

const machine = (name: string, ssh: object, options: object = {}) =>
  step(machineCreate, {name, driver: 'ssh', ssh: {host: '', ...ssh}, ...options} as never);

withHost(
  'starts the engine of a host, and reaches it by ssh alone',
  sshTest(async (rig, {host, address}) => {
    const missing = await failureOf(machine('rack', {host}).run(rig.context()));
    assert.is(missing.details.code, 'requirement-missing');

    const made = await machine('rack', {host, install: true}).run(rig.context());

    assert.equal(made, {name: 'rack', ip: address, url: `ssh://${host}`, context: 'rack'});
    assert.is(await docker(rig, `--context rack info --format '{{.ServerVersion}}' | grep -c .`), '1');
    assert.equal(await machine('rack', {host}).verdict(rig.context()), {ok: true, outputs: made});
    const selected = {name: 'rack', driver: 'ssh', host} as const;
    const told = await step(machineSsh, {...selected, command: ['sh', '-c', 'echo "$0 $1"', "it's", 'a b']}).run(
      rig.context(),
    );
    assert.is(told.stdout, "it's a b\n");
    const failed = await failureOf(step(machineSsh, {...selected, command: ['false']}).run(rig.context()));
    assert.is(failed.details.code, 'command-failed');
    const typed = await rig.sh(step(machineSsh, {...selected, command: ['echo', "it's  b"]}).command(rig.context()));
    assert.is(typed.stdout, "it's  b\n");
    const seen = await step(machineInspect, selected).run(rig.context());
    assert.equal([seen.state, seen.url, seen.version === ''], ['running', `ssh://${host}`, false]);
    const stopped = await failureOf(step(machineStop, selected).run(rig.context()));
    assert.match(stopped.message, /neither start nor stop/);

    await step(machineRemove, selected).run(rig.context());
    assert.is(await docker(rig, 'context ls -q'), 'default');
    assert.not.ok((await readdir(rig.dir)).includes('data') && (await readdir(join(rig.dir, 'data'))).length > 0);
  }),
);

withHost(
  'sets up mutual TLS on a host, and takes it back',
  sshTest(async (rig, {host, address}) => {
    const wanted = machine('rack', {host, install: true, tls: true}, {labels: {role: 'web'}});

    const made = await wanted.run(rig.context());

    assert.is(made.url, `tcp://${address}:2376`);
    assert.match(await docker(rig, `--context rack info --format '{{.Labels}}'`), /role=web/);
    assert.equal(await wanted.verdict(rig.context()), {ok: true, outputs: made});
    const without = await rig.sh(`curl -sS -k https://${address}:2376/version`);
    assert.ok(without.code !== 0);
    const mode = await rig.sh(`ssh -p 2222 root@${address} stat -c %a /etc/docker/runbook/server-key.pem`);
    assert.is(mode.stdout.trim(), '600');
    assert.equal(await wanted.run(rig.context()), made, 'again');

    await wanted.undo(rig.context());

    assert.not.ok((await wanted.verdict(rig.context())).ok);
    const folder = await rig.sh(`ssh -p 2222 root@${address} ls /etc/docker/runbook`);
    assert.ok(folder.code !== 0);
    const closed = await rig.sh(`curl -sS -k --max-time 3 https://${address}:2376/version`);
    assert.is(closed.code, 7, 'nobody listens');

    const pasted = await rig.sh(wanted.command(rig.context()));
    assert.is(pasted.code, 0, pasted.stderr);
    assert.is(await docker(rig, `--context rack info --format '{{.ServerVersion}}' | grep -c .`), '1');
  }),
);

withHost(
  'says why it cannot log in',
  sshTest(async (rig, {address}) => {
    const error = await failureOf(machine('rack', {host: `nobody@${address}:2222`}).run(rig.context()));

    assert.match(error.message, /cannot log in to nobody@/);
    assert.match(error.details.found ?? '', /denied|closed/i);
    assert.match(error.details.next ?? '', /ssh -p 2222 nobody@/);
  }),
);

test.run();
