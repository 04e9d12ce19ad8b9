import {readFileSync, writeFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Rig, rejects, rigTest} from '../rig.ts';

const test = suite('resume');

const CHAIN = `
  - {id: drain, uses: drain}
  - {id: upgrade, uses: upgrade, with: {value: "\${{ steps.drain.outputs.value }}"}}
  - {id: left, uses: side, needs: [upgrade]}
  - {id: right, uses: side, needs: [upgrade]}
  - {id: look, uses: look, needs: [left, right]}
`;

const chain = async (rig: Rig) => {
  const steps = {
    drain: rig.step('drain'),
    upgrade: rig.step('upgrade'),
    side: rig.step('side'),
    look: rig.step('look', {effect: 'reads'}),
  };
  await rig.runbook(CHAIN);
  return steps;
};

const count = (rig: Rig, act: string): number => rig.acts().filter((one) => one === act).length;

test(
  'goes on where the run failed, and does nothing twice',
  rigTest(async (rig) => {
    const {upgrade} = await chain(rig);
    upgrade.failure = 'image not found';
    assert.is((await rig.run()).failed, 'upgrade');

    upgrade.failure = undefined;
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    assert.equal(rig.acts().toSorted(), ['run drain', 'run left', 'run right', 'run upgrade']);
    assert.equal(await rig.standings(), {
      drain: 'holds',
      upgrade: 'holds',
      left: 'holds',
      right: 'holds',
      look: 'holds',
    });
  }),
);

test(
  'completes after a crash behind every entry, and no checkpointed step acts twice',
  rigTest(async (rig) => {
    await chain(rig);
    await rig.run();
    const file = rig.journalFile();
    const whole = readFileSync(file, 'utf8');
    const entries = rig.journal();
    const world = JSON.stringify([...rig.world].toSorted());

    for (let n = entries.length; n >= 1; n--) {
      for (const acted of [true, false]) {
        rig.crash(n, acted);
        const before = rig.acts();
        const checkpointed = entries
          .slice(0, n)
          .flatMap((entry) => (entry.type === 'step-checkpointed' ? [entry.step] : []));
        const resumed = await rig.resume({run: rig.store.runs()[0] ?? ''});

        assert.ok(resumed.ok, `after entry ${n}`);
        assert.is(JSON.stringify([...rig.world].toSorted()), world, `after entry ${n}`);
        const again = rig.acts().slice(before.length);
        for (const step of checkpointed)
          assert.is(again.includes(`run ${step}`), false, `${step} acted twice after entry ${n}`);
        const acts = rig.acts();
        assert.is(new Set(acts).size, acts.length, `an effect was made twice after entry ${n}: ${acts}`);
        // back to the whole run, for the next cut
        writeFileSync(file, whole);
      }
    }
  }, 60_000),
);

test(
  'does again what drifted, and nothing else',
  rigTest(async (rig) => {
    await chain(rig);
    await rig.run();
    rig.world.delete('upgrade');

    const run = rig.store.runs()[0] ?? '';
    assert.is((await rig.standings()).upgrade, 'drifted');
    const resumed = await rig.resume({run});

    assert.ok(resumed.ok);
    assert.is(count(rig, 'run upgrade'), 2);
    assert.is(count(rig, 'run drain'), 1);
    assert.is(count(rig, 'run left'), 1);
  }),
);

test(
  'does again the steps whose options got another value by that',
  rigTest(async (rig) => {
    const {drain} = await chain(rig);
    await rig.run();
    rig.world.delete('drain');
    drain.outputs = {value: 'another'};

    const resumed = await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.ok(resumed.ok);
    assert.is(rig.world.get('upgrade'), 'another');
    assert.is(count(rig, 'undo upgrade'), 1);
    assert.is(count(rig, 'run left'), 1);
  }),
);

test(
  'verifies a step that merely follows, and keeps it',
  rigTest(async (rig) => {
    const {side} = await chain(rig);
    await rig.run();
    rig.world.delete('drain');
    const looks = side.looks;

    await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.is(count(rig, 'run drain'), 2);
    assert.is(count(rig, 'run left'), 1);
    assert.ok(side.looks > looks);
  }),
);

test(
  'refuses with the newest run when nothing is unfinished',
  rigTest(async (rig) => {
    await chain(rig);
    const {run} = await rig.run();

    const error = await rejects(rig.resume(), 'nothing-to-resume');

    assert.match(error.message, run);
    assert.is(error.exitCode, 2);
  }),
);

test(
  'says that there is no run yet',
  rigTest(async (rig) => {
    await chain(rig);
    await rejects(rig.resume(), 'nothing-to-resume');
    await rejects(rig.resume({run: 'nix'}), 'no-such-run');
  }),
);

test(
  'says that the newest journal is damaged, instead of going on with an older run or none',
  rigTest(async (rig) => {
    const {upgrade} = await chain(rig);
    upgrade.failure = 'no';
    await rig.run();
    await rig.run();
    const file = rig.journalFile();
    const text = readFileSync(file, 'utf8').replace('"drain"', '"brain"');
    writeFileSync(file, text);

    await rejects(rig.resume(), 'journal-damaged');
    await rejects(rig.status(), 'journal-damaged');
    await rejects(rig.undo(), 'journal-damaged');
    assert.is(readFileSync(file, 'utf8'), text);

    upgrade.failure = undefined;
    assert.ok((await rig.run()).ok, 'a new run can still start');
  }),
);

test(
  'drops a torn entry, and says so',
  rigTest(async (rig) => {
    const {upgrade} = await chain(rig);
    upgrade.failure = 'no';
    await rig.run();
    writeFileSync(rig.journalFile(), readFileSync(rig.journalFile(), 'utf8').slice(0, -10));

    upgrade.failure = undefined;
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    assert.ok(resumed.events.some((event) => event.type === 'notice' && event.code === 'torn-entry'));
  }),
);

test(
  'is refused while another process holds the run',
  rigTest(async (rig) => {
    const {upgrade} = await chain(rig);
    const gate = upgrade.hold();
    const first = rig.run();
    await gate.started;

    assert.is((await rejects(rig.resume(), 'run-held')).exitCode, 5);
    await rejects(rig.run(), 'run-held');
    await rejects(rig.undo(), 'run-held');

    gate.release();
    assert.ok((await first).ok);
  }),
);

test(
  'goes on with what --until left',
  rigTest(async (rig) => {
    await chain(rig);

    assert.is((await rig.run({until: 'upgrade'})).outcome, 'partial');
    assert.equal(rig.acts(), ['run drain', 'run upgrade']);

    assert.ok((await rig.resume()).ok);
    assert.is(rig.acts().length, 4);
  }),
);

// -- edits

test(
  'undoes an edited converging step with its journaled options, and makes it anew',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web, with: {name: old, value: 1}}\n');
    await rig.run();

    await rig.runbook('  - {id: web, uses: web, with: {name: new, value: 1}}\n');
    const plan = await rig.planResume({run: rig.store.runs()[0] ?? ''});
    const resumed = await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.is(plan.steps[0]?.standing, 'edited');
    assert.match(plan.steps[0]?.diff ?? '', /^-.*old\n\+.*new/m);
    assert.ok(resumed.ok);
    assert.equal([...rig.world], [['new', 1]]);
    assert.equal(rig.acts(), ['run web', 'undo web', 'run web']);
  }),
);

test(
  'takes back what a failed step has made before it is made anew with repaired options',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web, within: 0s, with: {name: old}, expect: "result.value == 5"}\n');
    assert.is((await rig.run()).failed, 'web');
    assert.ok(rig.world.has('old'));

    await rig.runbook('  - {id: web, uses: web, with: {name: new}}\n');
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    assert.equal([...rig.world], [['new', true]]);
    assert.is(web.undos, 1);
  }),
);

test(
  'makes an edited step anew whose type cannot be undone',
  rigTest(async (rig) => {
    rig.step('image', {undo: false});
    await rig.runbook('  - {id: image, uses: image, with: {name: old}}\n');
    await rig.run();

    await rig.runbook('  - {id: image, uses: image, with: {name: new}}\n');
    const resumed = await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.ok(resumed.ok);
    assert.ok(rig.world.has('new'));
  }),
);

test(
  'keeps what was already true when its definition is edited: it is not ours to undo',
  rigTest(async (rig) => {
    rig.step('web');
    rig.world.set('old', true);
    await rig.runbook('  - {id: web, uses: web, with: {name: old}}\n');
    await rig.run();

    await rig.runbook('  - {id: web, uses: web, with: {name: new}}\n');
    await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.equal([...rig.world.keys()], ['old', 'new']);
  }),
);

test(
  'verifies and keeps a step of which only the checks or the prose were edited',
  rigTest(async (rig) => {
    rig.step('web');
    rig.step('look', {effect: 'reads'});
    await rig.runbook('  - {id: web, uses: web, title: Old}\n');
    await rig.run();
    const run = rig.store.runs()[0] ?? '';

    await rig.runbook('  - {id: web, uses: web, title: New, expect: "result.value", verify: [{uses: look}]}\n');
    assert.ok((await rig.resume({run})).ok);
    assert.is((await rig.standings(run)).web, 'holds');

    await rig.runbook('  - {id: web, uses: web, within: 0s, expect: "!result.value"}\n');
    assert.is((await rig.standings(run)).web, 'drifted');
    assert.equal(rig.acts(), ['run web']);
  }),
);

test(
  'knows steps by their ids: an inserted one shifts no other',
  rigTest(async (rig) => {
    const upgrade = rig.step('upgrade');
    rig.step('drain');
    await rig.runbook('  - {id: a, uses: drain}\n  - {id: b, uses: drain}\n  - {id: c, uses: upgrade}\n');
    upgrade.failure = 'no';
    await rig.run();

    upgrade.failure = undefined;
    await rig.runbook(
      '  - {id: a, uses: drain}\n  - {id: x, uses: drain}\n  - {id: b, uses: drain}\n  - {id: c, uses: upgrade}\n',
    );
    assert.ok((await rig.resume()).ok);

    assert.equal(rig.acts(), ['run a', 'run b', 'run x', 'run c']);
  }),
);

test(
  'names a removed step and leaves it for undo',
  rigTest(async (rig) => {
    rig.step('drain');
    const upgrade = rig.step('upgrade');
    await rig.runbook('  - {id: a, uses: drain}\n  - {id: b, uses: drain}\n  - {id: c, uses: upgrade}\n');
    upgrade.failure = 'no';
    await rig.run();

    upgrade.failure = undefined;
    await rig.runbook('  - {id: b, uses: drain}\n  - {id: c, uses: upgrade}\n');
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    const look = resumed.events.find((event) => event.type === 'step-looked-at' && event.step === 'a');
    assert.is(look?.type === 'step-looked-at' && look.standing, 'removed');
    assert.ok(rig.world.has('a'));
    assert.equal((await rig.undo()).undone, ['c', 'b', 'a']);
    assert.is(rig.world.size, 0);
  }),
);

// -- inputs

test(
  'does again just the steps that used a changed input',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook(
      '  - {id: one, uses: web, with: {value: "${{ inputs.size }}"}}\n  - {id: two, uses: web, with: {value: "${{ inputs.other }}"}}\n',
      'inputs: {size: {type: integer, default: 1}, other: {type: integer, default: 2}}',
    );
    await rig.run();
    const run = rig.store.runs()[0] ?? '';

    const plan = await rig.planResume({run, set: {size: '5'}});
    await rig.resume({run, set: {size: '5'}});

    assert.equal(
      plan.steps.map(({standing}) => standing),
      ['input-changed', 'holds'],
    );
    assert.match(plan.steps[0]?.detail ?? '', 'inputs.size: 1 -> 5');
    assert.is(rig.world.get('one'), 5);
    assert.is(count(rig, 'run one'), 2);
    assert.is(count(rig, 'run two'), 1);
    // the new value is the run's now
    assert.equal(
      (await rig.planResume({run})).steps.map(({standing}) => standing),
      ['holds', 'holds'],
    );
  }),
);

test(
  'does again the steps that used a changed name of an env file',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.write({'env/web.env': 'IMAGE=one\n'});
    await rig.runbook('  - {id: web, uses: web, with: {value: "${{ env.IMAGE }}"}}\n', 'env: [web.env]');
    await rig.run();

    await rig.write({'env/web.env': 'IMAGE=two\n'});
    await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.is(rig.world.get('web'), 'two');
  }),
);

test(
  'asks for a secret input again, and notices that it changed',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web, with: {value: "${{ inputs.pw }}"}}\n', 'inputs: {pw: {secret: true}}');
    await rig.run({set: {pw: 'hunter2'}});
    const run = rig.store.runs()[0] ?? '';
    assert.is(readFileSync(rig.journalFile(), 'utf8').includes('hunter2'), false);

    rig.secrets.set('pw', 'hunter2');
    const same = await rig.planResume({run});
    rig.secrets.set('pw', 'hunter3');
    const other = await rig.planResume({run});
    await rig.resume({run});

    assert.is(same.steps[0]?.standing, 'holds');
    assert.is(other.steps[0]?.standing, 'input-changed');
    assert.is(rig.world.get('web'), 'hunter3');
    assert.is(readFileSync(rig.journalFile(), 'utf8').includes('hunter3'), false);
  }),
);

test(
  'does not take a secret that an output holds for a change',
  rigTest(async (rig) => {
    const web = rig.step('web');
    web.outputs = {value: 'Bearer hunter2'};
    rig.step('next');
    await rig.runbook(
      '  - {id: web, uses: web, with: {secret: "${{ inputs.pw }}"}}\n  - {id: next, uses: next, with: {value: "${{ steps.web.outputs.value }}"}}\n',
      'inputs: {pw: {secret: true}}',
    );
    await rig.run({set: {pw: 'hunter2'}});
    rig.secrets.set('pw', 'hunter2');

    await rig.resume({run: rig.store.runs()[0] ?? ''});

    assert.is(count(rig, 'run next'), 1);
    assert.is(readFileSync(rig.journalFile(), 'utf8').includes('hunter2'), false);
  }),
);

test(
  'does not store a secret output, and reads it again',
  rigTest(async (rig) => {
    const vault = rig.step('vault', {effect: 'reads'});
    vault.outputs = {value: 'v', token: 's3cr3t-token'};
    const web = rig.step('web');
    await rig.runbook(
      '  - {id: vault, uses: vault, outputs: {key: {value: result.token, secret: true}}}\n  - {id: web, uses: web, with: {value: "${{ steps.vault.outputs.key }}"}}\n',
    );
    web.failure = 'no';
    await rig.run();
    const before = vault.runs;

    web.failure = undefined;
    assert.ok((await rig.resume()).ok);

    assert.ok(vault.runs > before);
    assert.is(rig.world.get('web'), 's3cr3t-token');
    assert.is(readFileSync(rig.journalFile(), 'utf8').includes('s3cr3t'), false);
    assert.is(JSON.stringify(rig.events).includes('s3cr3t'), false);
  }),
);

test(
  'looks with what an expression makes of a secret, and notices that the secret changed',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook(
      "  - {id: web, uses: web, with: {value: \"${{ size(inputs.pw) > 8 ? 'long' : 'short' }}\"}}\n",
      'inputs: {pw: {secret: true}}',
    );
    await rig.run({set: {pw: 'hunter2-hunter2'}});
    const run = rig.store.runs()[0] ?? '';

    rig.secrets.set('pw', 'hunter2-hunter2');
    const same = await rig.planResume({run});
    rig.secrets.set('pw', 'hunter3');
    const other = await rig.planResume({run});

    assert.is(rig.world.get('web'), 'long');
    assert.is(same.steps[0]?.standing, 'holds');
    assert.is(other.steps[0]?.standing, 'input-changed');
  }),
);

test(
  'asks nobody for a secret output: it is read again',
  rigTest(async (rig) => {
    const vault = rig.step('vault', {effect: 'reads'});
    vault.outputs = {token: 's3cr3t-token'};
    rig.step('web');
    await rig.runbook(
      '  - {id: vault, uses: vault, outputs: {key: {value: result.token, secret: true}}}\n  - {id: web, uses: web, with: {value: "${{ steps.vault.outputs.key }}"}}\n',
    );
    await rig.run();
    rig.secrets.set('VAULT_KEY', 'what a person typed');

    assert.equal(await rig.standings(), {vault: 'holds', web: 'holds'});
    assert.equal((await rig.undo()).undone, ['web']);
  }),
);

// -- in doubt

/** Kills the run while `id` is running. */
const killedIn = async (rig: Rig, step: string, acted: boolean): Promise<void> => {
  await rig.run();
  const at = rig.journal().findIndex((entry) => entry.type === 'step-started' && entry.step === step);
  rig.crash(at + 1, acted);
};

test(
  'adopts a step in doubt whose effect is there',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    await killedIn(rig, 'web', true);

    const resumed = await rig.resume();

    assert.is(web.runs, 1);
    assert.ok(resumed.events.some((event) => event.type === 'step-finished' && event.how === 'adopted'));
    assert.equal((await rig.undo()).undone, ['web'], 'what was adopted in doubt is ours');
  }),
);

test(
  'runs a step in doubt again whose effect is not there',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    await killedIn(rig, 'web', false);

    assert.is((await rig.planResume()).steps[0]?.standing, 'in-doubt');
    assert.ok((await rig.resume()).ok);

    assert.is(web.runs, 2);
  }),
);

test(
  'runs a repeatable step in doubt again, and says so',
  rigTest(async (rig) => {
    const shell = rig.step('sh', {effect: 'repeatable'});
    await rig.runbook('  - {id: build, uses: sh}\n');
    await killedIn(rig, 'build', true);

    const resumed = await rig.resume();

    assert.is(shell.runs, 2);
    const look = resumed.events.find((event) => event.type === 'step-looked-at');
    assert.match(look?.type === 'step-looked-at' ? (look.detail ?? '') : '', 'no check');
  }),
);

test(
  'runs a repeatable step again that failed, although a check of it holds',
  rigTest(async (rig) => {
    const shell = rig.step('sh', {effect: 'repeatable'});
    rig.step('look', {effect: 'reads'});
    await rig.runbook('  - {id: deploy, uses: sh, verify: [{uses: look}]}\n');
    shell.failure = 'no space left';
    await rig.run();

    shell.failure = undefined;
    await rig.resume();

    assert.is(shell.runs, 2);
  }),
);

test(
  'runs a step in doubt again when later steps read what only running it tells',
  rigTest(async (rig) => {
    const shell = rig.step('sh', {effect: 'repeatable'});
    shell.outputs = {value: 'made'};
    rig.step('look', {effect: 'reads'});
    rig.step('web');
    await rig.runbook(
      '  - {id: build, uses: sh, verify: [{uses: look}]}\n  - {id: web, uses: web, with: {value: "${{ steps.build.outputs.value }}"}}\n',
    );
    await killedIn(rig, 'build', true);

    assert.ok((await rig.resume()).ok);

    assert.is(shell.runs, 2);
    assert.is(rig.world.get('web'), 'made');
  }),
);

test(
  'keeps a step without a check, and shows it as such',
  rigTest(async (rig) => {
    const shell = rig.step('sh', {effect: 'repeatable'});
    const web = rig.step('web');
    web.failure = 'no';
    await rig.runbook('  - {id: build, uses: sh}\n  - {id: web, uses: web}\n');
    await rig.run();

    web.failure = undefined;
    const resumed = await rig.resume();

    assert.ok(resumed.ok);
    assert.is(shell.runs, 1);
    assert.is((await rig.standings()).build, 'no-check');
  }),
);

test(
  'does not repair what was meant to hold only until a later step began',
  rigTest(async (rig) => {
    const kill = rig.step('kill');
    const restart = rig.step('restart');
    const last = rig.step('last');
    restart.during = () => rig.world.delete('kill');
    last.failure = 'no';
    await rig.runbook(
      '  - {id: kill, uses: kill, until: restart}\n  - {id: restart, uses: restart}\n  - {id: last, uses: last}\n',
    );
    await rig.run();

    last.failure = undefined;
    assert.is((await rig.standings()).kill, 'superseded');
    assert.is((await rig.status()).drifted, false);
    assert.ok((await rig.resume()).ok);

    assert.is(kill.runs, 1);
  }),
);

test(
  'repairs it as long as that step has not begun',
  rigTest(async (rig) => {
    const kill = rig.step('kill');
    const restart = rig.step('restart');
    await rig.runbook('  - {id: kill, uses: kill, until: restart}\n  - {id: restart, uses: restart}\n');
    await rig.run({until: 'kill'});
    rig.world.delete('kill');

    assert.ok((await rig.resume()).ok);

    assert.is(kill.runs, 2);
    assert.is(restart.runs, 1);
  }),
);

// -- outputs that change

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

test(
  'stops with an interrupt that comes while it looks',
  rigTest(async (rig) => {
    const {drain, upgrade} = await chain(rig);
    upgrade.failure = 'no';
    await rig.run();

    const verify = drain.type.verify;
    Object.assign(drain.type, {
      verify: async () => {
        rig.interrupt();
        throw new Error('the connection was closed');
      },
    });
    const resumed = await rig.resume();

    assert.is(resumed.outcome, 'interrupted');
    Object.assign(drain.type, {verify});
    upgrade.failure = undefined;
    assert.ok((await rig.resume()).ok);
  }),
);

test(
  'goes on with a superseded run, and with one whose undo failed, when it is named',
  rigTest(async (rig) => {
    const {upgrade, drain} = await chain(rig);
    upgrade.failure = 'no';
    const {run} = await rig.run();
    drain.undoFailure = 'no';
    assert.equal(
      (await rig.undo()).failed.map(({step}) => step),
      ['drain'],
    );
    await rejects(rig.resume(), 'nothing-to-resume');

    assert.is((await rig.resume({run})).outcome, 'failed');
    upgrade.failure = undefined;
    assert.ok((await rig.resume()).ok, 'it is unfinished again');
  }),
);

const TIDY = `
  - {id: work, uses: work}
  - {id: maybe, uses: work, when: 'false'}
  - {id: tidy, uses: tidy, always: true}
`;

test(
  'keeps an `always` step that has tidied up when nothing is done again before it',
  rigTest(async (rig) => {
    rig.step('work');
    const tidy = rig.step('tidy', {effect: 'repeatable'});
    await rig.runbook(TIDY);
    await rig.run();
    rig.crash(rig.journal().length - 1, true);
    assert.is((await rig.standings()).tidy, 'no-check');

    assert.ok((await rig.resume()).ok);

    assert.is(tidy.runs, 1);
  }),
);

test(
  'does an `always` step again after what is done again',
  rigTest(async (rig) => {
    rig.step('work');
    const tidy = rig.step('tidy', {effect: 'repeatable'});
    await rig.runbook(TIDY);
    await rig.run();
    rig.crash(rig.journal().length - 1, true);
    rig.world.delete('work');
    assert.is((await rig.standings()).tidy, 'pending');

    assert.ok((await rig.resume()).ok);

    assert.is(tidy.runs, 2);
  }),
);

test(
  'asks before a `once` step is tried again, within one run too',
  rigTest(async (rig) => {
    const pay = rig.step('pay', {effect: 'once'});
    await rig.runbook('  - {id: pay, uses: pay, retry: {attempts: 3, delay: 1ms}}\n');
    pay.failure = 'no answer';

    const alone = await rig.run();
    assert.is(pay.runs, 1);
    assert.match(alone.failures[0]?.problem.message ?? '', 'no answer');

    rig.answers.set('pay', {kind: 'redo'});
    await rig.run();
    assert.is(pay.runs, 4);
    assert.is(rig.doubts.length, 3);
  }),
);

test(
  'takes --redo as consent for one act, not for its retries',
  rigTest(async (rig) => {
    const pay = rig.step('pay', {effect: 'once'});
    await rig.runbook('  - {id: pay, uses: pay, retry: {attempts: 3, delay: 1ms}}\n');
    pay.failure = 'no answer';
    await rig.run();

    await rig.resume({redo: ['pay']});

    assert.is(pay.runs, 2);
  }),
);

test(
  'closes an older run that a kill kept from being closed',
  rigTest(async (rig) => {
    const work = rig.step('work');
    await rig.runbook('  - {id: work, uses: work}\n');
    work.failure = 'no';
    const first = await rig.run();
    const second = await rig.run();
    const older = rig.journalFile(first.run);
    writeFileSync(older, readFileSync(older, 'utf8').replace(/.*run-superseded.*\n$/, ''));
    work.failure = undefined;

    const resumed = await rig.resume();

    assert.is(resumed.run, second.run);
    await rejects(rig.resume(), 'nothing-to-resume');
  }),
);

test(
  'leaves an older run open that was gone on with later',
  rigTest(async (rig) => {
    const work = rig.step('work');
    await rig.runbook('  - {id: work, uses: work}\n');
    work.failure = 'no';
    const first = await rig.run();
    const second = await rig.run();
    await rig.resume({run: first.run});
    work.failure = undefined;

    assert.ok((await rig.resume({run: second.run})).ok);

    assert.is((await rig.resume()).run, first.run);
  }),
);

test(
  'goes on with what --from began although the file has lost the step that it named',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook(
      '  - {id: a, uses: web}\n  - {id: b, uses: web}\n  - {id: c, uses: web}\n  - {id: d, uses: web}\n',
    );
    rig.world.set('a', true);
    await rig.run({from: 'c'});
    assert.equal(rig.acts(), [], 'b has to be there already, and is not');

    await rig.runbook(
      '  - {id: a, uses: web}\n  - {id: new, uses: web}\n  - {id: b, uses: web}\n  - {id: d, uses: web}\n',
    );
    rig.world.set('b', true);
    const plan = await rig.planResume();
    assert.equal(
      plan.steps.map(({step, course}) => `${step} ${course}`),
      ['a keep', 'new verify', 'b verify', 'd run'],
    );
    assert.is((await rig.resume()).failed, 'new', 'what stands before is never run');
    rig.world.set('new', true);
    assert.ok((await rig.resume()).ok);

    assert.equal(rig.acts(), ['run d']);
    assert.is(web.runs, 1);
  }),
);

test(
  'journals of the items of a step only the one that is done, and tells when that one was edited',
  rigTest(async (rig) => {
    rig.step('web');
    const file = (port: number): string =>
      `  - {id: web, uses: web, foreach: {one: {port: ${port}}, two: {port: 2}}, with: {name: "web\${{ item.value.port }}"}}\n`;
    await rig.runbook(file(1));
    await rig.run();
    const run = rig.store.runs()[0] ?? '';
    const definitions = rig
      .journal()
      .flatMap((entry) => (entry.type === 'step-started' ? [entry.record.definition] : []));
    assert.is(definitions.length, 2);
    assert.match(definitions[0] ?? '', /foreach:\n {2}one:\n {4}port: 1$/);
    assert.not.match(definitions[0] ?? '', /two/);

    await rig.runbook(file(7));
    const {steps} = await rig.planResume({run});

    assert.equal(
      steps.map(({step, standing, diff}) => [step, standing, diff?.split('\n').filter((line) => /^[-+]/.test(line))]),
      [
        ['web[one]', 'edited', ['-    port: 1', '+    port: 7']],
        ['web[two]', 'holds', undefined],
      ],
    );
  }),
);

test.run();
