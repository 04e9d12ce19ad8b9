import {readFileSync, writeFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {rejects, rigTest} from '../rig.ts';
import {chain} from './resume-chain.ts';

const test = suite('resume: what is kept');

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
