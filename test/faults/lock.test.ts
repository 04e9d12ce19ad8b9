import {type ChildProcess, execFileSync, spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {acquireLock, holderOf} from '../../engine/lock.ts';
import {type CallOptions, type CliRig, cliTest, program} from '../cli-rig.ts';
import {mayMount, onLoop, onTmpfs} from '../mounts.ts';
import {isSoak, SEED, seeded} from '../random.ts';
import {throws} from '../rig.ts';

const test = suite('lock faults');
const onOwnDisk = mayMount() ? test : test.skip;

const contender = fileURLToPath(new URL('contender.mjs', import.meta.url));

/** What starts a command in process and network namespaces of its own, with the folder mounted at `mnt` of its directory. */
const inContainer = (dir: string, folder: string): readonly string[] => {
  for (const path of [folder, join(dir, 'mnt')]) mkdirSync(path, {recursive: true, mode: 0o700});
  return [
    ...['unshare', '--mount', '--pid', '--net', '--fork', '--kill-child', '--mount-proc', 'sh', '-c'],
    ...[`cd "$0" && mount --bind ${folder} mnt && exec "$@"`, dir],
  ];
};

const PATIENCE_MS = 60_000;

/** Contenders for one lock, and the record of what they do inside. */
class Crowd {
  readonly folder: string;
  readonly record: string;
  readonly alive = new Map<string, ChildProcess>();
  started = 0;

  constructor(dir: string, folder = join(mkdtempSync(join(dir, 'crowd-')), 'lock')) {
    this.folder = folder;
    this.record = join(dir, `record-${folder.replaceAll('/', '-')}`);
    writeFileSync(this.record, '');
  }

  start(args: readonly string[] = ['again'], around: readonly string[] = [], folder = this.folder): ChildProcess {
    const name = `c${++this.started}`;
    const [file = '', ...rest] = [...around, process.execPath, contender, name, folder, this.record, ...args];
    const child = spawn(file, rest, {stdio: ['ignore', 'ignore', 'inherit']});
    this.alive.set(name, child);
    child.on('exit', () => this.alive.delete(name));
    return child;
  }

  lines(): readonly string[] {
    return readFileSync(this.record, 'utf8').split('\n').slice(0, -1);
  }

  /** Waits until there are so many lines more; a lock that nobody gets any more is not waited for. */
  async goesOn(more: number): Promise<void> {
    const target = this.lines().length + more;
    const end = Date.now() + PATIENCE_MS;
    while (this.lines().length < target) {
      if (Date.now() > end)
        throw new Error(`nobody gets the lock any more; the last lines are\n${this.lines().slice(-5).join('\n')}`);
      await sleep(5);
    }
  }

  async end(): Promise<void> {
    const gone = [...this.alive.values()].map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of this.alive.values()) child.kill('SIGKILL');
    await Promise.all(gone);
  }

  /** A line of one that is not the last who entered: two were inside at the same time. */
  neverTwo(): {readonly entered: number; readonly takenOver: number} {
    let inside = '';
    let [entered, takenOver] = [0, 0];
    for (const [index, line] of this.lines().entries()) {
      const [word = '', tag = '', how] = line.split(' ');
      if (word === 'error') throw new Error(line);
      if (word === 'enter') {
        inside = tag;
        entered++;
        if (how === 'taken-over') takenOver++;
      } else if (word !== 'refused') assert.is(tag, inside, `line ${index + 1} of ${this.record}: ${line}`);
    }
    return {entered, takenOver};
  }
}

const CROWD = 8;
const CONTENDERS = isSoak ? 1000 : 60;

/** Kills contenders at random, every other time the one inside, and starts others, until so many have been there. */
const fight = async (crowd: Crowd, contenders: number, start: () => ChildProcess): Promise<void> => {
  const next = seeded(SEED);
  const one = (): ChildProcess | undefined => [...crowd.alive.values()][Math.floor(next() * crowd.alive.size)];
  const inside = (): ChildProcess | undefined => crowd.alive.get(crowd.lines().at(-1)?.split(/[ .]/)[1] ?? '');
  while (crowd.alive.size < CROWD) start();
  for (let kill = 0; crowd.started < contenders; kill++) {
    await crowd.goesOn(1 + Math.floor(next() * 4));
    (kill % 2 === 0 ? (inside() ?? one()) : one())?.kill('SIGKILL');
    start();
  }
  await crowd.goesOn(20);
};

/** The lock can be had when all are gone, and nothing of them is left; but drafts that were cut stay for a while. */
const isFreeOf = ({folder}: Crowd): void => {
  const lock = acquireLock(folder, 'last');
  const left = readdirSync(folder).filter(
    (name) => !name.startsWith('draft-') || readFileSync(join(folder, name)).length > 0,
  );
  assert.is(left.length, 2, left.join());
  lock.release();
};

test(
  'never has two holders, and always has a next one, among hundreds of processes that are killed at random',
  cliTest(async ({dir}) => {
    const crowd = new Crowd(dir);
    try {
      await fight(crowd, CONTENDERS, () => crowd.start(['dismantle']));
    } finally {
      await crowd.end();
    }

    const {entered, takenOver} = crowd.neverTwo();

    assert.ok(entered > CONTENDERS / 2, `${entered} entered`);
    assert.ok(takenOver > CONTENDERS / 10, `${takenOver} taken over`);
    isFreeOf(crowd);
  }, 600_000),
);

test(
  'goes to one of many that ask at the same moment; the others are refused',
  cliTest(async ({dir}) => {
    const many = isSoak ? 100 : 16;
    const crowd = new Crowd(dir);
    try {
      const moment = String(Date.now() + many * 150);
      for (let n = 0; n < many; n++) crowd.start(['once', moment]);
      await crowd.goesOn(many - 1 + 5 - crowd.lines().length); // some may be through already
    } finally {
      await crowd.end();
    }

    assert.is(crowd.neverTwo().entered, 1);
    assert.is(crowd.lines().filter((line) => line.startsWith('refused')).length, many - 1);
  }, 120_000),
);

onOwnDisk(
  'never has two holders across containers that share a state directory, each with its own process ids',
  cliTest(async ({dir}) => {
    const crowd = new Crowd(dir);
    const around = inContainer(dir, crowd.folder);
    try {
      await fight(crowd, isSoak ? 400 : 20, () =>
        crowd.started % 2 === 0 ? crowd.start() : crowd.start(['again'], around, 'mnt'),
      );
    } finally {
      await crowd.end();
    }

    const {entered, takenOver} = crowd.neverTwo();

    assert.ok(entered > 10 && takenOver > 1, `${entered} entered, ${takenOver} taken over`);
  }, 600_000),
);

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

onOwnDisk(
  'in a container that lives refuses a run outside, and says where to end it; when it was killed, it is taken over',
  cliTest(async (rig) => {
    const live = await holding(rig, contained(rig));

    const refused = await rig.runbook(['run', './held.yaml']);
    assert.is(refused.code, 5, refused.stderr);
    assert.match(refused.stderr, /is held by process \d+ on .* since/);
    assert.match(refused.stderr, 'end it in its container');
    assert.match((await rig.runbook(['runs'])).stdout, 'running');

    live.signal('SIGKILL');
    await live.ended;
    await rig.write({go: ''});
    const resumed = await rig.runbook(['resume']);
    assert.is(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, 'is gone; its lock is taken over');
  }),
);

onOwnDisk(
  'held outside is respected in a container, and taken over there when its owner was killed',
  cliTest(async (rig) => {
    const live = await holding(rig);

    assert.is((await rig.runbook(['resume'], contained(rig))).code, 5);
    live.signal('SIGKILL');
    await live.ended;
    await rig.write({go: ''});
    const resumed = await rig.runbook(['resume'], contained(rig));

    assert.is(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, 'is gone; its lock is taken over');
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

/** Kills the holder, gives its number to another process, and wants the lock. As the first process of a namespace. */
const REUSE = `
node=$1 contender=$2 folder=$3 record=$4
"$node" "$contender" first "$folder" "$record" once & holder=$!
while ! grep -q enter "$record"; do sleep 0.05; done
kill -KILL $holder
wait $holder || true
while test "\${other:-}" != $holder; do
  test -z "\${other:-}" || kill $other
  echo $((holder - 1)) > /proc/sys/kernel/ns_last_pid
  sleep 60 & other=$!
done
"$node" "$contender" second "$folder" "$record" once &
while ! grep -q taken-over "$record"; do sleep 0.05; done
`;

onOwnDisk(
  'of a dead process whose number another one has now is taken over',
  cliTest(async ({dir}) => {
    const crowd = new Crowd(dir);
    const script = ['sh', '-euc', REUSE, 'sh', process.execPath, contender, crowd.folder, crowd.record];
    execFileSync('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', ...script], {
      timeout: 30_000,
      stdio: 'pipe',
    });

    assert.equal(
      crowd.lines().flatMap((line) => (line.startsWith('enter') ? [line.split(' ')[2]] : [])),
      ['free', 'taken-over'],
    );
  }),
);

onOwnDisk(
  'works on other file systems',
  cliTest(async ({dir}) => {
    const body = async (disk: string): Promise<void> => {
      const crowd = new Crowd(dir, join(disk, 'lock'));
      try {
        await fight(crowd, isSoak ? 100 : 10, () => crowd.start());
      } finally {
        await crowd.end();
      }
      assert.ok(crowd.neverTwo().entered > 4);
      isFreeOf(crowd);
    };

    await onTmpfs(dir, 'size=4m', body);
    for (const kind of ['ext4', 'xfs', 'btrfs'])
      if (existsSync(`/usr/sbin/mkfs.${kind}`)) await onLoop(dir, {kind, size: '320M'}, body);
  }, 300_000),
);

onOwnDisk(
  'on a full disk is refused and leaves nothing, or is released in its place',
  cliTest(async ({dir}) =>
    onTmpfs(dir, 'size=64k,nr_inodes=32', async (disk) => {
      const folder = join(disk, 'lock');
      const filler = join(disk, 'filler');
      const fill = (): void => void execFileSync('sh', ['-c', 'cat /dev/zero > "$0" 2>/dev/null || true', filler]);
      const lock = acquireLock(folder, 'first');
      fill();
      lock.release();
      assert.is(holderOf(folder), undefined);
      assert.equal(readdirSync(folder), ['1']);

      throws(() => acquireLock(folder, 'second'), 'state-unwritable');
      assert.equal(readdirSync(folder), ['1']);

      rmSync(filler);
      for (let n = 0; n < 40; n++) spawnSync('touch', [join(disk, `f${n}`)]);
      throws(() => acquireLock(folder, 'third'), 'state-unwritable');
      assert.equal(readdirSync(folder), ['1']);
      for (let n = 0; n < 40; n++) rmSync(join(disk, `f${n}`), {force: true});
      acquireLock(folder, 'fourth').release();
    }),
  ),
);

test.run();
