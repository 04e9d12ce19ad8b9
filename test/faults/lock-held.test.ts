import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {holderOf} from '../../engine/lock.ts';
import {type CallOptions, type CliRig, cliTest, program} from '../cli-rig.ts';
import {mayMount} from '../mounts.ts';
import {inContainer} from './in-container.ts';

const test = suite('lock faults: a run that holds it');
const onOwnDisk = mayMount() ? test : test.skip;

const RUNBOOK = `name: held
steps:
  - id: made
    uses: file.write
    with: {path: made, content: made}
  - id: wait
    run: |
      echo in
      while test ! -e go; do sleep 0.05; done
`;

const lockIn = (dir: string): string => join(dir, '.runbook/locks/held');

/** The program in a container, which has the state directory at another path. */
const contained = ({dir}: CliRig): CallOptions => {
  const [file = '', ...rest] = [...inContainer(dir, join(dir, '.runbook')), ...program];
  return {command: [file, ...rest], env: {RUNBOOK_STATE_DIR: 'mnt'}};
};

/** Starts a run that stays in its step. */
const holding = async (rig: CliRig, options: CallOptions = {}) => {
  await rig.write({'held.yaml': RUNBOOK});
  const live = rig.start(['run', './held.yaml'], options);
  await live.says('in');
  return live;
};

/** What a killed owner has held is taken over by the next call. */
const takenOver = async (
  rig: CliRig,
  live: Awaited<ReturnType<typeof holding>>,
  options: CallOptions = {},
): Promise<void> => {
  live.signal('SIGKILL');
  await live.ended;
  await rig.write({go: ''});
  const resumed = await rig.runbook(['resume'], options);
  assert.is(resumed.code, 0, resumed.stderr);
  assert.match(resumed.stderr, 'is gone; its lock is taken over');
};

onOwnDisk(
  'in a container that lives refuses a run outside, and says where to end it; when it was killed, it is taken over',
  cliTest(async (rig) => {
    const live = await holding(rig, contained(rig));

    const refused = await rig.runbook(['run', './held.yaml']);
    assert.is(refused.code, 5, refused.stderr);
    assert.match(refused.stderr, /is held by process \d+ on .* since/);
    assert.match(refused.stderr, 'end it in its container');
    assert.match((await rig.runbook(['runs'])).stdout, 'running');

    await takenOver(rig, live);
  }),
);

onOwnDisk(
  'held outside is respected in a container, and taken over there when its owner was killed',
  cliTest(async (rig) => {
    const live = await holding(rig);

    assert.is((await rig.runbook(['resume'], contained(rig))).code, 5);

    await takenOver(rig, live, contained(rig));
  }),
);

test(
  'that a live process holds says how to end it, and ends with 5 for run, resume and undo',
  cliTest(async (rig) => {
    const live = await holding(rig);

    for (const args of [['run', './held.yaml'], ['resume'], ['undo', '--yes']]) {
      const {code, stderr} = await rig.runbook(args);
      assert.is(code, 5, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, /✖ run \S+ is held by process \d+ on \S+ since \S+ \[run-held\]/);
      assert.match(stderr, `  next      wait for it, or end it: kill -INT ${holderOf(lockIn(rig.dir))?.pid}`);
    }
    await rig.write({go: ''});
    assert.is((await live.ended).code, 0);
  }),
);

test(
  'of another host says that it cannot be looked at, and which file to remove',
  cliTest(async (rig) => {
    const live = await holding(rig);
    live.signal('SIGKILL');
    await live.ended;
    const file = join(lockIn(rig.dir), '1');
    const owner = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({...owner, host: 'far', boot: 'other'}));

    const {code, stderr} = await rig.runbook(['resume']);

    assert.is(code, 5);
    assert.match(stderr, 'on far since');
    assert.match(stderr, "whether it still works can't be told from here");
    assert.match(stderr, `if it is gone for good: rm ${file}`);
    rmSync(file);
    await rig.write({go: ''});
    assert.is((await rig.runbook(['resume'])).code, 0);
  }),
);

test(
  'is had by one of many runs that are started at once',
  cliTest(async (rig) => {
    await rig.write({'held.yaml': RUNBOOK});
    const live = Array.from({length: 6}, () => rig.start(['run', './held.yaml']));
    for (
      let looks = 0;
      looks < 2000 && live.filter(({child}) => child.exitCode === 5).length < live.length - 1;
      looks++
    )
      await sleep(20);
    await rig.write({go: ''});
    const codes = (await Promise.all(live.map(({ended}) => ended))).map(({code}) => code);

    assert.equal(codes.sort(), [0, ...Array.from({length: 5}, () => 5)]);
    assert.is((await rig.runbook(['runs'])).stdout.split('\n').filter((line) => line.includes('held')).length, 1);
  }),
);

test.run();
