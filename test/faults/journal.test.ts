import {execFileSync, spawnSync} from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Code} from '../../engine/errors.ts';
import {CODES} from '../../engine/errors.ts';
import {readJournal} from '../../engine/journal.ts';
import {seal} from '../../engine/journal-line.ts';
import {type CallOptions, type CliRig, cliTest, type Ended, program} from '../cli-rig.ts';
import {mayMount, onTmpfs} from '../mounts.ts';
import {isSoak, SEED, seeded} from '../random.ts';
import {rigTest, throws} from '../rig.ts';
import {mayRun} from '../tools.ts';

const test = suite('journal faults');
const onOwnDisk = mayMount() ? test : test.skip;

/** A run that can be resumed, and another one beside it that is done. */
const TREE = {
  'other.yaml': `name: other
steps:
  - id: note
    uses: file.write
    with: {path: other.txt, content: other}
`,
  'main.yaml': `name: main
inputs:
  pw: {secret: true, default: hunter22}
steps:
  - id: one
    uses: file.write
    with: {path: out/one, content: "1"}
  - id: two
    run: echo two; test -n \${{ inputs.pw }}
    verify: [{run: test -d out, effect: reads}]
    undo: {run: "true"}
  - id: three
    run: test -e go
`,
};

/** Where a test damages something: the runs by name, and the journal that is damaged. */
interface Scene {
  readonly rig: CliRig;
  readonly main: string;
  readonly other: string;
  readonly file: string;
  readonly bytes: Buffer;
}

const runOf = ({stdout}: Ended): string => /"run":"([^"]+)"/.exec(stdout)?.[1] ?? '';

/** Makes the two runs. */
const stage = async (rig: CliRig): Promise<Scene> => {
  await rig.write(TREE);
  const other = runOf(await rig.runbook(['run', './other.yaml', '--json']));
  const main = runOf(await rig.runbook(['run', './main.yaml', '--json']));
  const file = join(rig.dir, '.runbook/runs', main, 'journal.jsonl');
  return {rig, main, other, file, bytes: readFileSync(file)};
};

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

const options = (around: readonly string[]): CallOptions => {
  const [file = '', ...rest] = [...around, ...program];
  return {command: [file, ...rest]};
};

/** Sees that a call fails with a code, says where or what, and what to do, and that this is all. */
const fails = async (
  rig: CliRig,
  args: readonly string[],
  code: Code,
  around: readonly string[] = [],
): Promise<string> => {
  const ended = await rig.runbook(args, options(around));
  const what = `${args.join(' ')}: ${ended.stdout}${ended.stderr}`;
  assert.is(ended.code, CODES[code], what);
  assert.match(ended.stderr, new RegExp(`✖ .*\\[${code}\\]`), what);
  assert.match(ended.stderr, /^ {2}next {6}\S/m, what);
  assert.not.match(ended.stderr, /internal error|^\s+at /m, what);
  return ended.stderr;
};

interface Damage {
  readonly name: string;
  readonly code: Code;
  /** What the error says. */
  readonly says: RegExp;
  do(scene: Scene): void;
  /** `runs` shows it as a run like any other. */
  readonly isListed?: true;
}

const linesOf = (bytes: Buffer): readonly string[] => bytes.toString().split('\n').slice(0, -1);
const put = (file: string, lines: readonly string[]): void => writeFileSync(file, `${lines.join('\n')}\n`);
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x04;
  return copy;
};

/** The journal with entries of which some are others, with right checksums. */
const resealed = (bytes: Buffer, change: (entry: Record<string, unknown>, index: number) => object): string => {
  let sum = 0;
  return linesOf(bytes)
    .map((line, index) => {
      const {sum: _, ...entry} = JSON.parse(line) as Record<string, unknown>;
      const sealed = seal(change(entry, index), sum);
      sum = sealed.sum;
      return sealed.line;
    })
    .join('');
};

const random = (length: number): Buffer => {
  const next = seeded(SEED);
  return Buffer.from(Array.from({length}, () => Math.floor(next() * 256)));
};

const DAMAGES: readonly Damage[] = [
  {
    name: 'a flipped bit in the middle',
    code: 'journal-damaged',
    says: /journal\.jsonl:\d+:1: the journal is damaged: entry \d+ does not match its checksum[\s\S]*found {5}the \d+ entries above it are intact/,
    do: ({file, bytes}) => writeFileSync(file, flipped(bytes, Math.floor(bytes.length / 2))),
  },
  {
    name: 'a flipped bit in the last entry',
    code: 'journal-damaged',
    says: /does not match its checksum/,
    do: ({file, bytes}) => writeFileSync(file, flipped(bytes, bytes.length - 30)),
  },
  {
    name: 'a line that is lost',
    code: 'journal-damaged',
    says: /journal\.jsonl:3:1: .*entry 3 does not match its checksum/,
    do: ({file, bytes}) => put(file, linesOf(bytes).toSpliced(2, 1)),
  },
  {
    name: 'two lines that are swapped',
    code: 'journal-damaged',
    says: /journal\.jsonl:2:1/,
    do: ({file, bytes}) => {
      const [a = '', b = '', c = '', ...rest] = linesOf(bytes);
      put(file, [a, c, b, ...rest]);
    },
  },
  {
    name: 'a line that is there twice',
    code: 'journal-damaged',
    says: /journal\.jsonl:3:1/,
    do: ({file, bytes}) => {
      const [a = '', b = '', ...rest] = linesOf(bytes);
      put(file, [a, b, b, ...rest]);
    },
  },
  {
    name: 'lines that end with CR LF',
    code: 'journal-damaged',
    says: /its lines end with CR LF[\s\S]*sed -i 's\/\\r\$\/\/' COPY/,
    do: ({file, bytes}) => writeFileSync(file, bytes.toString().replaceAll('\n', '\r\n')),
  },
  {
    name: 'a byte order mark',
    code: 'journal-damaged',
    says: /it begins with a byte order mark[\s\S]*sed -i/,
    do: ({file, bytes}) => writeFileSync(file, `\ufeff${bytes}`),
  },
  {
    name: 'no journal',
    code: 'journal-damaged',
    says: /the journal of run \S+ is missing[\s\S]*docker ps --all --filter label=io\.runbook\.run=/,
    do: ({file}) => rmSync(file),
  },
  {
    name: 'an empty file',
    code: 'journal-damaged',
    says: /it is empty/,
    do: ({file}) => writeFileSync(file, ''),
  },
  {
    name: 'the beginning of a first entry',
    code: 'journal-damaged',
    says: /its first entry was cut/,
    do: ({file}) => truncateSync(file, 30),
  },
  {
    name: 'random bytes',
    code: 'journal-damaged',
    says: /it is no journal of ours/,
    do: ({file}) => writeFileSync(file, random(5000)),
  },
  {
    name: 'a file of another program',
    code: 'journal-damaged',
    says: /it is no journal of ours/,
    do: ({file}) => writeFileSync(file, '{"time":"2026-11-23","msg":"hello"}\n{"time":"2026-11-23","msg":"bye"}\n'),
  },
  {
    name: 'the journal of another run',
    code: 'journal-damaged',
    says: /this is the journal of run \S+, not of \S+/,
    do: ({file, rig, other}) => cpSync(join(rig.dir, '.runbook/runs', other, 'journal.jsonl'), file),
  },
  {
    name: 'a folder',
    code: 'journal-damaged',
    says: /it is a folder/,
    do: ({file}) => {
      rmSync(file);
      mkdirSync(file);
    },
  },
  {
    name: 'a named pipe, which nobody may wait for',
    code: 'journal-damaged',
    says: /it is a named pipe/,
    do: ({file}) => {
      rmSync(file);
      execFileSync('mkfifo', [file]);
    },
  },
  {
    name: 'a link that leads back to itself',
    code: 'file-unreadable',
    says: /can't read the journal: ELOOP/,
    do: ({file}) => {
      rmSync(file);
      symlinkSync(file, file);
    },
  },
  {
    name: '1 GB of NUL bytes',
    code: 'journal-damaged',
    says: /it is no journal of ours/,
    do: ({file}) => {
      writeFileSync(file, '');
      truncateSync(file, 2 ** 30);
    },
  },
  {
    name: '1 GB of NUL bytes behind the last entry',
    code: 'journal-damaged',
    says: /does not match its checksum/,
    do: ({file}) => truncateSync(file, 2 ** 30),
  },
  {
    name: 'a later version of the format',
    code: 'state-version',
    says: /journal\.jsonl:1:1: the journal is of version 99, this program reads version 1 and 2[\s\S]*found {5}written by runbook 9\.9/,
    do: ({file, bytes}) =>
      writeFileSync(
        file,
        resealed(bytes, (entry, index) => (index > 0 ? {what: 'ever'} : {...entry, journal: 99, program: '9.9'})),
      ),
  },
  {
    name: 'an entry of a later program',
    code: 'state-version',
    says: /journal\.jsonl:3:1: entry 3 of the journal is of a kind that this program does not know/,
    do: ({file, bytes}) =>
      writeFileSync(
        file,
        resealed(bytes, (entry, index) => (index === 2 ? {...entry, type: 'step-dreamt'} : entry)),
      ),
  },
  {
    name: 'an entry that lacks what it needs',
    code: 'journal-damaged',
    says: /journal\.jsonl:2:1: .*entry 2 \(step-started\) has no "record"/,
    do: ({file, bytes}) =>
      writeFileSync(
        file,
        resealed(bytes, ({record: _, ...entry}, index) => (index === 1 ? entry : {...entry, record: _})),
      ),
  },
];

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
