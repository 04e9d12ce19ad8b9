import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {newRunId} from '../../engine/run-id.ts';
import {Store} from '../../engine/store.ts';
import {rejects, rigTest, throws} from '../rig.ts';

const test = suite('store');

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

test(
  'is readable by its owner only, every folder and file of it',
  rigTest(async (rig) => {
    rig.step('web').prints = ['hello\n'];
    await rig.runbook('  - {id: web, uses: web, with: {secret: "${{ inputs.pw }}"}}\n', 'inputs: {pw: {secret: true}}');
    await rig.run({set: {pw: 'hunter2'}});

    assert.is(modeOf(rig.stateDir), '700');
    for (const name of readdirSync(rig.stateDir, {recursive: true, encoding: 'utf8'})) {
      const file = join(rig.stateDir, name);
      if (name === '.gitignore') continue;
      assert.is(modeOf(file), statSync(file).isDirectory() ? '700' : '600', name);
    }
  }),
);

test(
  'finds a run by its id or a part that only one has',
  rigTest(async (rig) => {
    const runs = ['20260101-000000-aaaa', '20260101-000000-aabb', '20260102-000000-aabb'];
    for (const run of runs) mkdirSync(join(rig.stateDir, 'runs', run), {recursive: true});

    assert.is(rig.store.find('20260101-000000-aaaa'), runs[0]);
    assert.is(rig.store.find('aaaa'), runs[0]);
    assert.is(rig.store.find('20260102'), runs[2]);
    assert.match(
      throws(() => rig.store.find('aabb'), 'no-such-run').message,
      '20260102-000000-aabb or 20260101-000000-aabb',
    );
    throws(() => rig.store.find('zzzz'), 'no-such-run');
  }),
);

test('makes ids that sort behind the newest run, also after the clock was set back', () => {
  const ahead = newRunId('20991231-235959-rrzzz');

  assert.match(ahead, /^21000101-000000-00/);
  assert.ok(newRunId(ahead) > ahead);
  assert.ok(newRunId('20200101-000000-00aaa') < ahead);
  assert.ok(newRunId('a stranger') < ahead);
});

test('makes ids that sort by time, also within a second', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 50; n++) {
    ids.push(newRunId());
    await sleep(2);
  }

  assert.equal(ids.toSorted(), ids);
  for (const id of ids) assert.match(id, /^\d{8}-\d{6}-[0-9a-z]{5}$/);
});

test(
  'refuses a directory of another version, and leaves it as it is',
  rigTest(async (rig) => {
    mkdirSync(rig.stateDir);
    writeFileSync(join(rig.stateDir, 'version'), '2\n');
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');

    await rejects(rig.run(), 'state-version');
    await rejects(rig.resume(), 'state-version');
    await rejects(rig.status(), 'state-version');
    await rejects(rig.undo(), 'state-version');

    assert.equal(readdirSync(rig.stateDir), ['version']);
  }),
);

test(
  'takes a version that a power loss has emptied for its own',
  rigTest(async (rig) => {
    mkdirSync(rig.stateDir);
    writeFileSync(join(rig.stateDir, 'version'), '');

    rig.store.prepare();
  }),
);

test(
  'clears away what killed processes have left of its files, but not what one may be writing',
  rigTest(async (rig) => {
    mkdirSync(rig.stateDir);
    const [old, fresh] = ['key-77-0123abcd', 'version-78-0123abcd'].map((name) => join(rig.stateDir, name));
    for (const file of [old, fresh]) writeFileSync(file ?? '', '');
    utimesSync(old ?? '', 1, 1);

    rig.store.prepare();

    assert.equal(readdirSync(rig.stateDir).sort(), ['.gitignore', 'key', 'runs', 'version', 'version-78-0123abcd']);
  }),
);

test(
  'says that it cannot be written',
  rigTest(async (rig) => {
    writeFileSync(rig.stateDir, 'a file');
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');

    const error = await rejects(rig.run(), 'state-unwritable');

    assert.is(error.exitCode, 3);
    assert.match(error.problems[0].next?.join() ?? '', '--state-dir');
  }),
);

test(
  'says that it is on a read-only file system',
  rigTest(async (rig) => {
    mkdirSync(rig.stateDir);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,ro', 'tmpfs', rig.stateDir], {stdio: 'pipe'});
    } catch (error) {
      if (process.env.CI === 'true') throw error;
      console.error('SKIPPED: a read-only file system needs root');
      return;
    }
    try {
      rig.step('web');
      await rig.runbook('  - {id: web, uses: web}\n');
      await rejects(rig.run(), 'state-unwritable');
    } finally {
      execFileSync('umount', ['-l', rig.stateDir]);
    }
  }),
);

test(
  'stops a run on a full disk; what was journaled stays, and the run goes on when there is room',
  rigTest(async (rig) => {
    mkdirSync(rig.stateDir);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', rig.stateDir], {stdio: 'pipe'});
    } catch (error) {
      if (process.env.CI === 'true') throw error;
      console.error('SKIPPED: the full disk needs root, to mount a small tmpfs');
      return;
    }
    try {
      const web = rig.step('web');
      const filler = join(rig.stateDir, 'filler');
      web.during = (options) => {
        if (options.value !== 'b' || existsSync(filler)) return;
        // all that is left
        execFileSync('sh', ['-c', 'cat /dev/zero > "$0" 2>/dev/null || true', filler]);
      };
      web.outputs = {value: 'x'.repeat(5000)};
      await rig.runbook('  - {id: web, uses: web, foreach: [a, b, c], with: {value: "${{ item.key }}"}}\n');

      await rejects(rig.run({concurrency: 1}), 'state-unwritable');
      assert.equal([...rig.world.keys()], ['web[a]', 'web[b]']);

      rmSync(filler);
      assert.ok((await rig.resume()).ok);
      assert.equal(rig.acts(), ['run web[a]', 'run web[b]', 'run web[c]']);
    } finally {
      execFileSync('umount', ['-l', rig.stateDir]);
    }
  }),
);

test(
  'lists its runs, newest first, a damaged one as such',
  rigTest(async (rig) => {
    const web = rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    const {run} = await rig.run();
    mkdirSync(join(rig.stateDir, 'runs', '20990101-000000-zzzz'));
    writeFileSync(join(rig.stateDir, 'runs', '20990101-000000-zzzz', 'journal.jsonl'), 'nonsense\n');

    const [damaged, done] = rig.store.summaries();

    assert.is(damaged?.damaged?.code, 'journal-damaged');
    assert.equal([done?.run, done?.state, done?.steps], [run, 'done', {done: 1, failed: 0, total: 1}]);
    assert.is(web.runs, 1);
  }),
);

test(
  'counts steps that a run has not reached, also where an edit has added some',
  rigTest(async (rig) => {
    rig.step('web');
    rig.step('bad').failure = 'it is broken';
    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: bad}\n  - {id: c, uses: web, foreach: [x, y]}\n');
    await rig.run();
    assert.equal(rig.store.summaries()[0]?.steps, {done: 1, failed: 1, total: 4});

    await rig.runbook('  - {id: a, uses: web}\n  - {id: b, uses: bad}\n  - {id: c, uses: web, foreach: [x, y, z]}\n');
    await rig.resume();
    assert.equal(rig.store.summaries()[0]?.steps, {done: 1, failed: 1, total: 5});
  }),
);

test(
  'tells secrets apart by a key of its own, which two processes make only once',
  rigTest(async (rig) => {
    rig.store.prepare();
    const one = rig.store.fingerprint('hunter2');

    assert.is(new Store(rig.stateDir).fingerprint('hunter2'), one);
    assert.ok(rig.store.fingerprint('hunter3') !== one);
    const other = new Store(join(rig.dir, 'other'));
    other.prepare();
    assert.ok(other.fingerprint('hunter2') !== one);
  }),
);

test(
  'holds no run whose first entry was never written',
  rigTest(async (rig) => {
    rig.step('web');
    await rig.runbook('  - {id: web, uses: web}\n');
    const open = rig.store.create('test', '20260101-000000-aaaa');
    open.journal.close();
    open.lock.release();

    await rejects(rig.resume(), 'nothing-to-resume');
    await rejects(rig.resume({run: 'aaaa'}), 'no-such-run');
    assert.ok((await rig.run()).ok);
  }),
);

test.run();
