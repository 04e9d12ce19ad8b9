import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import machineRemove from '../../steps/machine-remove.ts';
import {engineTest} from '../docker-engine.ts';
import {step} from '../docker-rig.ts';
import {contextOf, machineTest} from '../machine-rig.ts';

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

test.run();
