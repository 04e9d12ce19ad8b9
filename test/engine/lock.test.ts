import {spawn} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {acquireLock, holderOf} from '../../engine/lock.ts';
import {type Owner, standingOf} from '../../engine/owner.ts';
import {type Rig, rigTest, throws} from '../rig.ts';
import {mayRun} from '../tools.ts';

const test = suite('lock');

const ownerIn = (folder: string): Owner => {
  const latest =
    readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .sort()
      .at(-1) ?? '';
  return JSON.parse(readFileSync(join(folder, latest), 'utf8')) as Owner;
};

/** A lock folder that another owner has left, like this process but for `changes`. */
const leftBy = (rig: Rig, changes: Partial<Owner>): string => {
  const folder = mkdtempSync(join(rig.dir, 'lock-'));
  acquireLock(folder, 'older').release();
  const owner = {...ownerIn(folder), released: false, ...changes};
  writeFileSync(join(folder, '1'), JSON.stringify(owner));
  return folder;
};

test(
  'refuses a second holder, naming the first',
  rigTest(async (rig) => {
    const folder = join(rig.dir, 'lock');
    acquireLock(folder, 'run-1');

    const error = throws(() => acquireLock(folder, 'run-2'), 'run-held');

    assert.match(error.message, 'run-1');
    assert.match(error.message, String(process.pid));
    assert.match(error.message, hostname());
    assert.is(error.exitCode, 5);
  }),
);

test(
  'can be taken again once it is released',
  rigTest(async (rig) => {
    const folder = join(rig.dir, 'lock');
    acquireLock(folder, 'run-1').release();

    assert.is(holderOf(folder), undefined);
    assert.is(acquireLock(folder, 'run-2').takenOverFrom, undefined);
    assert.is(holderOf(folder)?.run, 'run-2');
  }),
);

test(
  'takes over from a dead process, and says from whom',
  rigTest(async (rig) => {
    const child = spawn('true');
    await new Promise((resolve) => child.on('exit', resolve));
    const folder = leftBy(rig, {pid: child.pid ?? 0});

    assert.is(holderOf(folder), undefined);
    assert.is(acquireLock(folder, 'newer').takenOverFrom?.run, 'older');
    assert.is(holderOf(folder)?.run, 'newer');
  }),
);

const onLinux = mayRun(process.platform === 'linux', 'a test of processes as Linux shows them') ? test : test.skip;

onLinux(
  'takes over from a process that was killed, and whose parent does not ask after it',
  rigTest(async (rig) => {
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {stdio: ['ignore', 'pipe', 'inherit']});
    const [pid = 0] = await new Promise<number[]>((resolve) =>
      parent.stdout.once('data', (data) => resolve([Number(data)])),
    );
    const fields = (): string[] => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // from then on nobody waits for it
    while (!readFileSync(`/proc/${parent.pid}/comm`, 'utf8').startsWith('sleep')) await sleep(10);
    const folder = leftBy(rig, {pid, started: fields()[19] ?? ''});
    assert.is(holderOf(folder)?.pid, pid);

    process.kill(pid, 'SIGKILL');
    while (fields()[0] !== 'Z') await sleep(10);

    assert.is(holderOf(folder), undefined);
    assert.ok(acquireLock(folder, 'newer').takenOverFrom);
    parent.kill('SIGKILL');
  }),
);

test(
  'takes over from a process whose number was given to another one',
  rigTest(async (rig) => {
    const folder = leftBy(rig, {started: '1'});

    assert.ok(acquireLock(folder, 'newer').takenOverFrom);
  }),
);

test(
  'takes over from before the last boot',
  rigTest(async (rig) => {
    const folder = leftBy(rig, {boot: 'another'});

    assert.ok(acquireLock(folder, 'newer').takenOverFrom);
  }),
);

test(
  'refuses what is held on another host or in another container, where it cannot look',
  rigTest(async (rig) => {
    const unknown = [
      {host: 'elsewhere', boot: 'another'},
      {host: 'elsewhere', boot: ''},
      {machine: 'another of the same name', boot: 'another'},
      {boot: ''},
      {namespace: 'pid:[1]'},
      {namespace: 'pid:[1]', socket: ''},
      {namespace: 'pid:[1]', device: '1'},
    ];
    for (const change of unknown) {
      const folder = leftBy(rig, change);
      const error = throws(() => acquireLock(folder, 'newer'), 'run-held');
      assert.match(error.problems[0].next?.join() ?? '', folder);
    }
  }),
);

test(
  'still knows its owner when the host was renamed',
  rigTest(async (rig) => {
    const folder = leftBy(rig, {host: 'old-name'});

    assert.is(standingOf(ownerIn(folder), join(folder, '1')), 'alive');
  }),
);

test(
  'takes over a file that a power loss has emptied',
  rigTest(async (rig) => {
    const folder = leftBy(rig, {});
    writeFileSync(join(folder, '1'), '');

    assert.is(holderOf(folder), undefined);
    acquireLock(folder, 'newer');

    assert.is(holderOf(folder)?.run, 'newer');
  }),
);

test(
  'is readable by its owner only, and leaves no drafts behind',
  rigTest(async (rig) => {
    const folder = join(rig.dir, 'lock');
    acquireLock(folder, 'run-1').release();
    acquireLock(folder, 'run-2');

    const socket = ownerIn(folder).socket;
    assert.equal(readdirSync(folder).sort(), ['2', socket]);
    assert.is(statSync(folder).mode & 0o777, 0o700);
    for (const name of readdirSync(folder)) assert.is(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  }),
);

test(
  'clears away what killed contenders have left',
  rigTest(async (rig) => {
    const child = spawn('true');
    await new Promise((resolve) => child.on('exit', resolve));
    const folder = leftBy(rig, {pid: child.pid ?? 0});
    writeFileSync(join(folder, 'draft-00000001'), JSON.stringify({...ownerIn(folder), pid: child.pid}));
    for (const name of ['s-00000001', 's-00000002', '1-released', 'draft-00000003'])
      writeFileSync(join(folder, name), '');
    utimesSync(join(folder, 'draft-00000003'), 1, 1);

    acquireLock(folder, 'newer');

    assert.equal(readdirSync(folder).sort(), ['2', ownerIn(folder).socket]);
  }),
);

test(
  'refuses a lock that it cannot read, with what to do, and says nobody holds it where it is only asked',
  rigTest(async (rig) => {
    for (const text of ['nonsense', '{}', '5', '{"pid": "1"}']) {
      const folder = leftBy(rig, {});
      writeFileSync(join(folder, '1'), text);

      const error = throws(() => acquireLock(folder, 'newer'), 'run-held');

      assert.match(error.problems[0].next?.join() ?? '', `rm ${folder}/1`);
      assert.is(holderOf(folder), undefined);
      assert.is(readFileSync(join(folder, '1'), 'utf8'), text);
    }
  }),
);

test(
  'does not touch the lock of another when its own was removed by hand',
  rigTest(async (rig) => {
    const folder = join(rig.dir, 'lock');
    const first = acquireLock(folder, 'run-1');
    rmSync(join(folder, '1'));
    acquireLock(folder, 'run-2');

    first.release();

    assert.is(holderOf(folder)?.run, 'run-2');
  }),
);

test.run();
