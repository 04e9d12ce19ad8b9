import {existsSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {openOutput} from '../../engine/live-output.ts';
import {openSession, tell} from '../../engine/session.ts';
import {type Rig, readStepLog, rigTest} from '../rig.ts';

const test = suite('session');

const open = async (rig: Rig, secret: string) => {
  const web = rig.step('web');
  await rig.runbook('  - {id: web, uses: web}\n', 'inputs: {pw: {secret: true}}');
  const store = rig.store;
  const opened = store.create('test', '20260101-000000-aaaa');
  const session = await openSession({
    host: rig.host(),
    store,
    registry: new Map([['web', web.type]]),
    runbook: await rig.load(),
    inputs: {pw: secret},
    envFiles: [],
    cwd: rig.dir,
    run: opened.run,
    open: opened,
  });
  return {session, folder: opened.folder};
};

const told = (rig: Rig): string => rig.events.map((event) => (event.type === 'step-output' ? event.text : '')).join('');

test(
  'masks what a step prints across chunks, live and in its log',
  rigTest(async (rig) => {
    const {session, folder} = await open(rig, 'hunter2-is-it');
    const output = openOutput(session, 'web');

    for (const char of 'say hunter2-is-it twice: hunter2-is-it') output.write(char);
    output.close();

    assert.is(told(rig), 'say *** twice: ***');
    assert.is(readStepLog(folder, 'web'), 'say *** twice: ***');
  }),
);

test(
  'loses nothing of the log when a failure quotes its end',
  rigTest(async (rig) => {
    const {session, folder} = await open(rig, 'hunter2');
    const output = openOutput(session, 'web');
    output.write('ends like a secret: hunt');

    assert.equal(output.tail(), ['ends like a secret: hunt']);
    assert.equal(output.tail(), ['ends like a secret: hunt']);
    output.close();

    assert.is(told(rig), 'ends like a secret: hunt');
    assert.is(readStepLog(folder, 'web'), 'ends like a secret: hunt');
  }),
);

test(
  'quotes the last lines of what was printed',
  rigTest(async (rig) => {
    const {session} = await open(rig, 'hunter2');
    const output = openOutput(session, 'web');
    for (let n = 1; n <= 100; n++) output.write(`line ${n}\n`);

    const tail = output.tail();

    assert.is(tail.length, 15);
    assert.is(tail.at(-1), 'line 100');
  }),
);

test(
  'masks events, but not the names of steps in them',
  rigTest(async (rig) => {
    const {session} = await open(rig, 'web-secret');

    tell(session, {
      type: 'step-finished',
      step: 'web-secret',
      how: 'ran',
      outputs: {step: 'web-secret', n: 1},
      durationMs: 1,
      evidence: ['web-secret'],
    });

    const [event] = rig.events;
    assert.ok(event?.type === 'step-finished');
    assert.equal([event.step, event.outputs, event.evidence], ['web-secret', {step: '***', n: 1}, ['***']]);
  }),
);

test(
  'writes nothing to the journal by itself',
  rigTest(async (rig) => {
    await open(rig, 'hunter2');

    assert.is(existsSync(rig.journalFile('20260101-000000-aaaa')), false);
  }),
);

test.run();
