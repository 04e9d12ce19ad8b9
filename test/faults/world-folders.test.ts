/** Folders and files that go away, move, or change under a run. */
import {existsSync, readdirSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended, program, shellRunbook} from '../cli-rig.ts';

const test = suite('world: folders');

/** Step a waits until the fault is there; what is done stands outside the folder of the run. */
const stepsOf = (acts: string): string =>
  shellRunbook('moved', {
    a: `echo a >> ${acts}; touch ${acts}.begun; while [ ! -e ${acts}.go ]; do sleep 0.05; done`,
    b: `echo b >> ${acts}; echo said`,
  });

/** Starts a run in its own folder, lets the fault happen in the middle of it, and waits for its end. */
const struck = async (rig: CliRig, fault: (folder: string) => unknown): Promise<Ended> => {
  const folder = join(rig.dir, 'work');
  const acts = join(rig.dir, 'acts');
  await rig.write({'work/moved.yaml': stepsOf(acts)});
  const live = rig.start(['run', './moved.yaml'], {cwd: folder});
  while (!existsSync(`${acts}.begun`)) await sleep(10);
  await fault(folder);
  await rig.write({'acts.go': ''});
  return live.ended;
};

const isCalm = ({stderr}: Ended): void => assert.not.match(stderr, /internal error|node:|Unhandled|at async/);

test(
  'a state directory that was moved stops the run, which goes on from where it is now',
  cliTest(async (rig) => {
    const ended = await struck(rig, (folder) => renameSync(join(folder, '.runbook'), join(folder, 'kept')));

    assert.is(ended.code, 3, ended.stderr);
    assert.match(ended.stderr, 'somebody has moved or removed the journal [state-unwritable]');
    assert.match(ended.stderr, 'runbook resume --state-dir DIR');
    assert.not.ok(rig.exists('work/.runbook'));
    isCalm(ended);
    const cwd = join(rig.dir, 'work');
    const resumed = await rig.runbook(['resume', '--state-dir', 'kept'], {cwd});
    assert.is(resumed.code, 0, resumed.stderr);
    assert.is(await rig.read('acts'), 'a\na\nb\n');
  }),
);

test(
  'a state directory that was removed stops the run, and no half of it is made anew',
  cliTest(async (rig) => {
    const ended = await struck(rig, (folder) => rmSync(join(folder, '.runbook'), {recursive: true}));

    assert.is(ended.code, 3, ended.stderr);
    assert.match(ended.stderr, '[state-unwritable]');
    assert.match(ended.stderr, 'runbook ps');
    assert.not.ok(rig.exists('work/.runbook'));
    assert.is(await rig.read('acts'), 'a\n');
    isCalm(ended);
  }),
);

test(
  'a working directory that was removed is an error with a place; once it is back the run goes on',
  cliTest(async (rig) => {
    const state = join(rig.dir, 'state');
    const folder = join(rig.dir, 'work');
    const acts = join(rig.dir, 'acts');
    await rig.write({'moved.yaml': stepsOf(acts)});
    await mkdir(folder);
    const live = rig.start(['run', '../moved.yaml', '--state-dir', state], {cwd: folder});
    while (!existsSync(`${acts}.begun`)) await sleep(10);
    rmSync(folder, {recursive: true});
    await rig.write({'acts.go': ''});
    const ended = await live.ended;

    assert.is(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, `step "b" (shell) failed: no such folder: ${folder}`);
    await mkdir(folder);
    const resumed = await rig.runbook(['resume', '--state-dir', state]);
    assert.is(resumed.code, 0, resumed.stderr);
    assert.is(await rig.read('acts'), 'a\nb\n');
  }),
);

test(
  'a working directory that was moved is said, and once it is back the run goes on',
  cliTest(async (rig) => {
    const [here, there] = [join(rig.dir, 'work'), join(rig.dir, 'elsewhere')];

    const ended = await struck(rig, () => renameSync(here, there));
    const lost = await rig.runbook(['resume'], {cwd: there});
    const looked = await rig.runbook(['status'], {cwd: there});
    renameSync(there, here);
    const resumed = await rig.runbook(['resume'], {cwd: here});

    assert.is(ended.code, 3, ended.stderr);
    assert.is(lost.code, 2, lost.stderr);
    assert.match(lost.stderr, /the runbook of run \S+ is no longer where it was \[no-such-runbook\]/);
    assert.match(lost.stderr, 'put it back there');
    assert.is(looked.code, 0, looked.stderr);
    assert.is(resumed.code, 0, resumed.stderr);
    assert.is(await rig.read('acts'), 'a\na\nb\n');
  }),
);

test(
  'a runbook that is changed or removed under a run counts as it was loaded',
  cliTest(async (rig) => {
    const acts = join(rig.dir, 'acts');
    const changed = await struck(rig, () =>
      rig.write({'work/moved.yaml': stepsOf(acts).replace('echo b', 'echo other')}),
    );
    assert.is(changed.code, 0, changed.stderr);
    assert.is(await rig.read('acts'), 'a\nb\n');
    for (const file of ['acts', 'acts.begun', 'acts.go']) rmSync(join(rig.dir, file));

    const removed = await struck(rig, (folder) => rmSync(join(folder, 'moved.yaml')));
    assert.is(removed.code, 0, removed.stderr);
    assert.is(await rig.read('acts'), 'a\nb\n');
  }),
);

test(
  'a directory that is gone is no place to call the program from',
  cliTest(async (rig) => {
    const gone = join(rig.dir, 'gone');
    const call = `mkdir ${gone}; cd ${gone}; rmdir ${gone}; ${program.map((word) => `'${word}'`).join(' ')}`;
    for (const command of ['runs', 'run x', 'resume', '--version', '--help']) {
      const ended = await rig.start(['-c', `${call} ${command}`], {command: ['sh']}).ended;
      assert.is(ended.code, 2, `${command}: ${ended.stderr}`);
      assert.match(ended.stderr, '[no-working-directory]');
      isCalm(ended);
    }
  }),
);

test(
  'a step log that can no longer be written does not stop the step',
  cliTest(async (rig) => {
    const ended = await struck(rig, (folder) => {
      const runs = join(folder, '.runbook/runs');
      const [run = ''] = readdirSync(runs);
      rmSync(join(runs, run, 'steps'), {recursive: true, force: true});
      return rig.write({[`work/.runbook/runs/${run}/steps`]: 'in the way'});
    });

    assert.is(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, 'the log of step "b" ends here');
    assert.is(readFileSync(join(rig.dir, 'acts'), 'utf8'), 'a\nb\n');
  }),
);

test.run();
