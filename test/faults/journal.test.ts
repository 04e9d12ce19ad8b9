import {execFileSync, spawnSync} from 'node:child_process';
import {cpSync, existsSync, lstatSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {readJournal} from '../../engine/journal.ts';
import {cliTest} from '../cli-rig.ts';
import {isSoak, SEED, seeded} from '../random.ts';
import {rigTest, throws} from '../rig.ts';
import {DAMAGES, linesOf, put} from './damages.ts';
import {fails, type Scene, stage} from './journal-scene.ts';

const test = suite('journal faults');

const restore = (saved: string, state: string): void => {
  rmSync(state, {recursive: true, force: true});
  cpSync(saved, state, {recursive: true, preserveTimestamps: true});
};

/** What is found in a file's place afterwards must be what was put there. */
const seenAt = (file: string): string => {
  const stats = lstatSync(file, {throwIfNoEntry: false});
  if (stats === undefined) return 'nothing';
  if (!stats.isFile()) return `mode ${stats.mode}`;
  return stats.size > 2 ** 24 ? `${stats.size} bytes` : readFileSync(file).toString('latin1');
};

const forRun = ({main}: Scene): readonly (readonly string[])[] => [
  ['resume'],
  ['status', main],
  ['undo', main, '--yes'],
  ['resume', main, '--plan'],
  ['undo', '--plan'],
  ['log', main, '--json'],
  ['status'],
  ['resume', main],
];

const beside = ({other}: Scene): readonly (readonly string[])[] => [
  ['status', other],
  ['run', './other.yaml'],
  ['log', other, '--json'],
  ['resume', other],
];

/** All of them in a soak, else one after the other, as the cases go by: with every nth case. */
const some = <T>(list: readonly T[], index: number, every: number): readonly T[] =>
  isSoak ? list : list.filter((_, n) => index % every === 0 && n === (index / every) % list.length);

test(
  'have each their error, change nothing, and keep no other run from being used',
  cliTest(async (rig) => {
    const scene = await stage(rig);
    const state = join(rig.dir, '.runbook');
    const saved = join(rig.dir, 'saved');
    cpSync(state, saved, {recursive: true, preserveTimestamps: true});
    for (const [index, damage] of DAMAGES.entries()) {
      restore(saved, state);
      damage.do(scene);
      const before = seenAt(scene.file);

      for (const args of some(forRun(scene), index, 1)) {
        const stderr = await fails(rig, args, damage.code);
        assert.match(stderr, damage.says, `${damage.name}: ${stderr}`);
      }
      for (const args of some([['runs']], index, 3)) {
        const {stdout} = await rig.runbook(args);
        assert.match(stdout, new RegExp(`${scene.main} .*damaged`), `${damage.name}: ${stdout}`);
        assert.match(stdout, new RegExp(`${scene.other} .*done`), damage.name);
      }
      for (const args of some(beside(scene), index, 4)) {
        const ended = await rig.runbook(args);
        assert.is(ended.code, 0, `${damage.name}: ${args.join(' ')}: ${ended.stderr}`);
      }

      assert.is(seenAt(scene.file), before, damage.name);
    }
  }, 600_000),
);

test(
  'take no more memory than a journal does, whatever the file is',
  cliTest(async (rig) => {
    const module = fileURLToPath(new URL('../../dist/engine/journal.js', import.meta.url));
    const text = `import(${JSON.stringify(module)}).then(({readJournal}) => {
      try { readJournal('big'); } catch (error) { console.log(error.code, process.resourceUsage().maxRSS); }
    })`;
    const measure = async (): Promise<readonly [code: string, kilobytes: number]> => {
      const {stdout} = await rig.start([], {command: [process.execPath, '-e', text]}).ended;
      const [code = '', kilobytes = ''] = stdout.split(' ');
      return [code, Number(kilobytes)];
    };
    await rig.write({big: ''});
    const [, empty] = await measure();

    for (const make of [
      'truncate -s 8G big',
      'head -c 300M /dev/zero | tr "\\0" x > big',
      'yes > big & sleep 1; kill $!',
    ]) {
      spawnSync('sh', ['-c', make], {cwd: rig.dir});
      const [code, kilobytes] = await measure();
      assert.is(code, 'journal-damaged', make);
      assert.ok(kilobytes < empty + 50_000, `${make}: ${kilobytes} KB beside ${empty} KB`);
    }
  }, 120_000),
);

test(
  'are a torn tail where a crash has left one: the run goes on, and says so',
  cliTest(async (rig) => {
    const scene = await stage(rig);
    const state = join(rig.dir, '.runbook');
    const saved = join(rig.dir, 'saved');
    const last = scene.bytes.lastIndexOf(0x0a, scene.bytes.length - 2) + 1;
    cpSync(state, saved, {recursive: true});
    const cuts = [1, 9, 40, scene.bytes.length - last - 1];
    const tails = [
      ...cuts.map((cut) => scene.bytes.subarray(0, last + cut)),
      Buffer.concat([scene.bytes.subarray(0, last), Buffer.alloc(700)]),
      Buffer.concat([scene.bytes, Buffer.alloc(4096 - (scene.bytes.length % 4096))]),
    ];
    for (const [index, tail] of tails.entries()) {
      restore(saved, state);
      writeFileSync(scene.file, tail);
      assert.is((await rig.runbook(['status', scene.main])).code, 0, `tail ${index}`);
      assert.equal(readFileSync(scene.file), tail, 'status changes nothing');
      rmSync(join(rig.dir, 'go'), {force: true});
      await rig.write({go: ''});

      const how = index < tails.length - 1 ? ['resume'] : ['undo', '--yes'];
      const {code, stderr} = await rig.runbook(how);

      assert.is(code, 0, stderr);
      assert.match(
        stderr,
        /the last entry of the journal was cut \(\d+ bytes\); it had not been confirmed/,
        how.join(),
      );
      assert.is(readJournal(scene.file).tornBytes, 0);
    }
  }, 120_000),
);

test(
  'can be gone on from by hand, as docs/journal.md says',
  cliTest(async (rig) => {
    const scene = await stage(rig);
    const document = readFileSync(new URL('../../docs/journal.md', import.meta.url), 'utf8');
    const recipe = /```text\n(cp "\$journal"[\s\S]*?)```/.exec(document)?.[1] ?? '';
    const lines = linesOf(scene.bytes);
    put(scene.file, lines.toSpliced(3, 1));
    assert.match(await fails(rig, ['resume'], 'journal-damaged'), /:4:1/);

    execFileSync('sh', ['-euc', recipe], {cwd: rig.dir, env: {...process.env, journal: scene.file}});
    await rig.write({go: ''});

    assert.equal(linesOf(readFileSync(scene.file)), lines.slice(0, 3));
    assert.is((await rig.runbook(['resume'])).code, 0);
    assert.ok(existsSync(join(rig.dir, 'damaged.jsonl')));
  }),
);

test(
  'of one bit, anywhere, are an error for resume, status and undo, and the file stays as it is',
  rigTest(async (rig) => {
    const next = seeded(SEED);
    rig.step('web').failure = 'not yet';
    rig.step('base');
    await rig.runbook('  - {id: base, uses: base}\n  - {id: web, uses: web}\n');
    await rig.run();
    const file = rig.journalFile();
    const bytes = readFileSync(file);
    for (let go = 0; go < (isSoak ? 5000 : 80); go++) {
      const damaged = Buffer.from(bytes);
      const at = Math.floor(next() * bytes.length);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(next() * 8));
      writeFileSync(file, damaged);
      const act = [rig.resume, rig.status, rig.undo, rig.planResume][go % 4];
      await act?.().then(
        () => assert.unreachable(`byte ${at} was not noticed`),
        (error) => assert.is(error.code, 'journal-damaged', String(error)),
      );
      assert.equal(readFileSync(file), damaged);
    }
    throws(() => rig.store.read(rig.store.runs()[0] ?? ''), 'journal-damaged');
  }, 300_000),
);

test(
  'that cut the last entries at any byte lose only what was cut',
  rigTest(async (rig) => {
    const base = rig.step('base');
    const web = rig.step('web');
    await rig.runbook('  - {id: base, uses: base}\n  - {id: web, uses: web}\n  - {id: last, uses: web}\n');
    web.failure = 'not yet';
    await rig.run();
    const file = rig.journalFile();
    const bytes = readFileSync(file);
    const runs = base.runs;
    web.failure = undefined;
    const from = bytes.indexOf('"type":"step-checkpointed"');

    for (let cut = bytes.indexOf(0x0a, from) + 1; cut < bytes.length; cut += isSoak ? 1 : 13) {
      writeFileSync(file, bytes.subarray(0, cut));
      rig.world.delete('web');
      rig.world.delete('last');
      const result = await rig.resume();
      assert.ok(result.ok, `cut at ${cut}`);
      assert.is(base.runs, runs, `cut at ${cut}: a checkpointed step ran again`);
    }
  }, 300_000),
);

test.run();
