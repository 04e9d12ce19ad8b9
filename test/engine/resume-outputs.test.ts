import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rigTest} from '../rig.ts';

const test = suite('resume: outputs that change');

test(
  'gives a child runbook the outputs that a redone step has now',
  rigTest(async (rig) => {
    const server = rig.step('server');
    server.outputs = {ip: '10.0.0.1'};
    rig.step('web');
    await rig.write({
      'runbooks/child.yaml':
        'name: child\ntitle: C\ninputs: {ip: {}}\nsteps:\n  - {id: web, uses: web, with: {value: "${{ inputs.ip }}"}}\n',
    });
    await rig.runbook(
      '  - {id: server, uses: server}\n  - {id: sub, uses: runbook, with: {runbook: child, inputs: {ip: "${{ steps.server.outputs.ip }}"}}}\n',
    );
    assert.ok((await rig.run()).ok);
    assert.is(rig.world.get('sub.web'), '10.0.0.1');

    rig.world.delete('server');
    server.outputs = {ip: '10.0.0.2'};
    assert.ok((await rig.resume({run: rig.store.runs()[0] ?? ''})).ok);

    assert.is(rig.world.get('sub.web'), '10.0.0.2');
  }),
);

test(
  'judges a check by the outputs that are there now, not by the journaled ones',
  rigTest(async (rig) => {
    const server = rig.step('server');
    server.outputs = {ip: '10.0.0.1'};
    const dns = rig.step('dns', {effect: 'reads'});
    dns.outputs = {ip: '10.0.0.1'};
    await rig.runbook(
      '  - {id: server, uses: server}\n  - {id: dns, uses: dns, expect: "result.ip == steps.server.outputs.ip"}\n',
    );
    assert.ok((await rig.run()).ok);

    server.outputs = dns.outputs = {ip: '10.0.0.2'};

    assert.equal(await rig.standings(), {server: 'holds', dns: 'holds'});
  }),
);

test(
  'fails the step, not the run, when a kept step gives no longer what its outputs say',
  rigTest(async (rig) => {
    rig.step('sh', {effect: 'repeatable'});
    const last = rig.step('last');
    last.failure = 'no';
    await rig.runbook('  - {id: build, uses: sh}\n  - {id: last, uses: last}\n');
    await rig.run();

    last.failure = undefined;
    await rig.runbook('  - {id: build, uses: sh, outputs: {long: size(result.ip)}}\n  - {id: last, uses: last}\n');
    const resumed = await rig.resume();

    assert.is(resumed.failed, 'build');
    assert.is(resumed.failures[0]?.problem.code, 'expression-failed');
  }),
);

test.run();
