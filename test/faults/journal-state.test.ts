import {execFileSync, spawnSync} from 'node:child_process';
import {chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest} from '../cli-rig.ts';
import {mayMount, onTmpfs} from '../mounts.ts';
import {mayRun} from '../tools.ts';
import {fails, options, stage} from './journal-scene.ts';

const test = suite('journal faults: the state directory');
const onOwnDisk = mayMount() ? test : test.skip;

/** Without the right of root to read and write everything. */
const asNobody = (): readonly string[] => {
  if (process.getuid?.() !== 0) return [];
  const without = '-dac_override,-dac_read_search';
  return ['setpriv', '--bounding-set', without, '--inh-caps', without];
};

const canBeNobody = spawnSync('sh', ['-c', '"$@" true', 'sh', ...asNobody()]).status === 0;

const asAnybody = mayRun(canBeNobody, 'tests of files that may not be read (setpriv)') ? test : test.skip;

asAnybody(
  'and files that may not be read or written are errors of their own',
  cliTest(async (rig) => {
    const scene = await stage(rig);
    const state = join(rig.dir, '.runbook');
    const folder = join(state, 'runs', scene.main);

    chmodSync(scene.file, 0);
    assert.match(
      await fails(rig, ['status', scene.main], 'file-unreadable', asNobody()),
      "can't read the journal: EACCES",
    );
    assert.match(await fails(rig, ['resume'], 'file-unreadable', asNobody()), 'other runs can be used by their ids');
    assert.match((await rig.runbook(['runs'], options(asNobody()))).stdout, /damaged[\s\S]*done/);
    chmodSync(scene.file, 0o400);
    assert.is((await rig.runbook(['status', scene.main], options(asNobody()))).code, 0);
    assert.match(await fails(rig, ['resume'], 'state-unwritable', asNobody()), "can't write the journal: EACCES");
    assert.is(
      (await rig.runbook(['run', './main.yaml'], options(asNobody()))).code,
      1,
      'a new run of the same runbook',
    );
    chmodSync(scene.file, 0o600);
    assert.equal(readFileSync(scene.file), scene.bytes);

    chmodSync(folder, 0);
    await fails(rig, ['status', scene.main], 'file-unreadable', asNobody());
    assert.is((await rig.runbook(['status', scene.other], options(asNobody()))).code, 0);
    chmodSync(folder, 0o700);
    chmodSync(join(state, 'locks/main'), 0o500);
    await fails(rig, ['resume', scene.main], 'state-unwritable', asNobody());
    chmodSync(join(state, 'locks/main'), 0o700);
    chmodSync(join(state, 'runs'), 0);
    await fails(rig, ['runs'], 'file-unreadable', asNobody());
    chmodSync(join(state, 'runs'), 0o500);
    await fails(rig, ['run', './main.yaml'], 'state-unwritable', asNobody());
    chmodSync(join(state, 'runs'), 0o700);
    assert.equal(readFileSync(scene.file), scene.bytes);
  }, 120_000),
);

onOwnDisk(
  'on a read-only file system: what only looks works, what writes says so',
  cliTest(async (rig) =>
    onTmpfs(rig.dir, 'size=2m', async (disk) => {
      const scene = await stage(rig);
      const state = ['--state-dir', join(disk, 'state')];
      renameSync(join(rig.dir, '.runbook'), join(rig.dir, 'moved'));
      cpSync(join(rig.dir, 'moved'), join(disk, 'state'), {recursive: true});
      execFileSync('mount', ['-o', 'remount,ro', disk]);

      for (const args of [
        ['status', scene.main],
        ['runs'],
        ['log'],
        ['log', '--json'],
        ['resume', '--plan'],
        ['undo', '--plan'],
      ])
        assert.is((await rig.runbook([...args, ...state])).code, 0, args.join(' '));
      for (const args of [['resume'], ['undo', '--yes'], ['run', './main.yaml']])
        assert.match(await fails(rig, [...args, ...state], 'state-unwritable'), /EROFS|read-only/);
    }),
  ),
);

test(
  'and state directories of a later version, or that are something else, are left as they are',
  cliTest(async (rig) => {
    const scene = await stage(rig);
    const version = join(rig.dir, '.runbook/version');
    for (const text of ['2\n', 'x'.repeat(100), '\ufeff1\n']) {
      writeFileSync(version, text);
      const before = readdirSync(join(rig.dir, '.runbook'));
      for (const args of [
        ['run', './main.yaml'],
        ['resume'],
        ['status', scene.main],
        ['undo', '--yes'],
        ['runs'],
        ['log'],
      ])
        await fails(rig, args, 'state-version');
      assert.equal(readdirSync(join(rig.dir, '.runbook')), before);
    }
    rmSync(version);
    mkdirSync(version);
    await fails(rig, ['runs'], 'file-unreadable');

    writeFileSync(join(rig.dir, 'file'), 'mine');
    for (const args of [['runs'], ['run', './main.yaml'], ['resume'], ['status']])
      await fails(rig, [...args, '--state-dir', 'file'], 'state-unwritable');
    assert.is(await rig.read('file'), 'mine');
  }),
);

test(
  'and a lost key are told before anything that was given a secret counts as changed',
  cliTest(async (rig) => {
    const scene = await stage(rig);
    const key = join(rig.dir, '.runbook/key');
    for (const damage of [() => rmSync(key), () => writeFileSync(key, ''), () => writeFileSync(key, 'x'.repeat(31))]) {
      damage();
      const stderr = await fails(rig, ['resume'], 'state-damaged');
      assert.match(stderr, `head -c 32 /dev/urandom > ${key}`);
      assert.equal(readFileSync(scene.file), scene.bytes);
      assert.is((await rig.runbook(['runs'])).code, 0);
      assert.is((await rig.runbook(['run', './other.yaml'])).code, 0, 'a run without secrets');
    }
    await rig.write({go: ''});
    execFileSync('sh', ['-c', `head -c 32 /dev/urandom > ${key}`]);
    assert.is((await rig.runbook(['resume', scene.main])).code, 0);
  }),
);

test(
  'and runs that never began are passed over',
  cliTest(async (rig) => {
    const scene = await stage(rig);
    const runs = join(rig.dir, '.runbook/runs');
    const later = (n: number): string => join(runs, `29990101-00000${n}-aaaaa`);
    mkdirSync(later(1));
    mkdirSync(later(2));
    writeFileSync(join(later(2), 'journal.jsonl.new'), scene.bytes.subarray(0, 100));
    mkdirSync(later(3));
    writeFileSync(join(later(3), 'journal.jsonl.new'), scene.bytes);
    writeFileSync(later(4), 'a file');
    cpSync(join(runs, scene.main), join(runs, `${scene.main}.bak`), {recursive: true});
    writeFileSync(join(runs, '.DS_Store'), 'whatever');

    const {stdout} = await rig.runbook(['runs']);
    assert.is(stdout.trim().split('\n').length, 3, stdout);
    assert.not.match(stdout, 'damaged');
    assert.match(await fails(rig, ['status', '29990101-000001-aaaaa'], 'no-such-run'), 'never began');
    assert.match((await rig.runbook(['log'])).stdout, 'two');
    assert.is(JSON.parse((await rig.runbook(['status', '--json'])).stdout).run, scene.main);
    await rig.write({go: ''});
    const {code, stderr} = await rig.runbook(['resume']);
    assert.is(code, 0, stderr);
    assert.is((await rig.runbook(['undo', '--yes'])).code, 0);
    assert.equal(readdirSync(runs).includes(`${scene.main}.bak`), true);
  }),
);

test.run();
