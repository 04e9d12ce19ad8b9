import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import machineRemove from '../../steps/machine-remove.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, IMAGE, step} from '../docker-rig.ts';
import {contextOf, machine, machineTest} from '../machine-rig.ts';

const test = suite('machine.remove');
const withEngine = engineTest(test);

withEngine(
  'takes away what a kill has left of a beginning: an address, half a context, drafts',
  machineTest(async (rig) => {
    const name = `${rig.unique}-m1`;
    const machines = join(rig.dir, 'data/runbook/machines');
    const tls = join(rig.dir, 'docker/contexts/tls', createHash('sha256').update(name).digest('hex'));
    await mkdir(join(tls, 'docker'), {recursive: true});
    await mkdir(join(machines, '.addresses'), {recursive: true});
    await mkdir(join(machines, '.ca-draft'));
    await writeFile(join(machines, '.addresses/10.0.0.128'), name);
    const context = contextOf(rig, 'm1');
    const remove = step(machineRemove, {name});
    const verdict = await remove.verdict(context);
    assert.is(verdict.ok, false);
    assert.match(JSON.stringify(verdict), 'its Docker context, its address');

    await remove.run(context);

    assert.is((await remove.verdict(context)).ok, true);
    assert.not.ok(existsSync(join(rig.dir, 'docker/contexts')));
    assert.not.ok(existsSync(join(rig.dir, 'data/runbook')));
  }),
);

withEngine(
  'leaves what machines have in common while another one is being made',
  machineTest(async (rig) => {
    const addresses = join(rig.dir, 'data/runbook/machines/.addresses');
    await mkdir(addresses, {recursive: true});
    await writeFile(join(addresses, '10.0.0.128'), 'another');

    const verdict = await step(machineRemove, {name: `${rig.unique}-m1`}).verdict(contextOf(rig, 'm1'));

    assert.equal(verdict, {ok: true, outputs: {name: `${rig.unique}-m1`, removed: false}});
  }),
);

withEngine(
  'takes all of a machine, whatever is left of it, and nothing of others',
  machineTest(async (rig) => {
    const {name} = await machine(rig).run(contextOf(rig, 'a'));
    const remove = step(machineRemove, {name});
    const first = contextOf(rig, 'first');
    assert.not.ok((await remove.verdict(contextOf(rig, 'look'))).ok);

    const removed = await remove.run(first);

    assert.equal(removed, {name, removed: true});
    assert.equal(await remove.verdict(first), {ok: true, outputs: removed});
    assert.equal(await remove.run(contextOf(rig, 'again')), {name, removed: false});
    assert.is(await docker(rig, 'context ls -q'), 'default');
    assert.is((await rig.sh('ls -A data')).stdout, '', 'with the last machine goes the authority');

    await machine(rig).run(contextOf(rig, 'b'));
    await docker(rig, `rm -f -v ${name}`);
    const rest = await remove.verdict(contextOf(rig, 'rest'));
    assert.ok(!rest.ok && /context/.test(rest.found) && /keys/.test(rest.found));
    await remove.run(contextOf(rig, 'c'));

    await machine(rig).run(contextOf(rig, 'd'));
    await remove.prove(rig);

    await docker(rig, `run -d --name ${name} ${IMAGE} sleep 1000`);
    await remove.run(contextOf(rig, 'e'));
    assert.is(await docker(rig, `inspect -f '{{.State.Running}}' ${name}`), 'true');
  }),
);

withEngine(
  'says which driver made a machine, where a step has another',
  machineTest(async (rig) => {
    const {name} = await machine(rig).run(rig.context());

    const error = await failureOf(
      step(machineRemove, {name, driver: 'ssh', host: 'me@host'}).run(contextOf(rig, 'remove')),
    );

    assert.match(error.message, /made by driver docker/);
  }),
);

test.run();
