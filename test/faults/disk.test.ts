import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Stamped} from '../../engine/entries.ts';
import type {Event} from '../../engine/events.ts';
import {readJournal} from '../../engine/journal.ts';
import {type CallOptions, type CliRig, cliTest, type Ended, program} from '../cli-rig.ts';
import {mayMount, onTmpfs} from '../mounts.ts';
import {isSoak, SEED, seeded} from '../random.ts';
import {canTrace, mayRun} from '../tools.ts';

const test = suite('disk faults');

const withStrace = canTrace('tests that make system calls fail') ? test : test.skip;
const onOwnDisk = mayMount() ? test : test.skip;

/** Steps that only files tell of, and one whose every act leaves a line. A secret, so that the key is needed. */
const runbook = (two: string): string => `name: small
inputs:
  pw: {secret: true, default: hunter22}
steps:
  - id: one
    uses: file.write
    with: {path: out/one, content: "1"}
  - id: two
    needs: [one]
${two}
  - id: three
    uses: file.write
    needs: [one]
    with: {path: out/three, content: "3"}
  - id: four
    uses: file.write
    with: {path: out/four, content: "4"}
`;

const SHELL = `
    run: echo two >> acts; test -n \${{ inputs.pw }}
    verify: [{run: test -e acts, effect: reads}]
    undo: {run: rm -f acts}`;
/** A process that writes to wake itself up, as it does when a child has ended, may never wake when that fails. */
const NO_CHILDREN = `
    uses: file.write
    with: {path: acts, content: "\${{ inputs.pw }}"}`;

/** What is called while the disk fails, after what was done before without a fault. */
interface Scene {
  readonly name: 'run' | 'resume' | 'undo';
  readonly before: readonly (readonly string[])[];
  readonly call: readonly string[];
}

const RUN = ['run', './small.yaml', '--json'];
const SCENES: readonly Scene[] = [
  {name: 'run', before: [], call: RUN},
  {name: 'resume', before: [[...RUN, '--until', 'two']], call: ['resume', '--json']},
  {name: 'undo', before: [RUN], call: ['undo', '--yes', '--json']},
];

const runsIn = (dir: string): readonly string[] => {
  const folder = join(dir, '.runbook/runs');
  return existsSync(folder) ? readdirSync(folder) : [];
};

const journalIn = (dir: string): readonly Stamped[] => {
  const files = runsIn(dir).map((run) => join(dir, '.runbook/runs', run, 'journal.jsonl'));
  const [file] = files.filter((one) => existsSync(one));
  return file === undefined ? [] : readJournal(file).entries;
};

const eventsIn = (stdout: string): readonly Event[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Event);

/** Whether an event says something that only the journal can vouch for, and the journal has it. */
const isVouchedFor = (event: Event, entries: readonly Stamped[]): boolean => {
  const has = (...types: readonly Stamped['type'][]): boolean =>
    entries.some(
      (entry) => types.includes(entry.type) && (!('step' in event) || ('step' in entry && entry.step === event.step)),
    );
  switch (event.type) {
    case 'run-started':
      return has(event.resumed ? 'run-resumed' : 'run-started');
    case 'step-started':
      return event.attempt === 0 || has('step-started');
    case 'step-finished':
      return has('step-checkpointed');
    case 'step-failed':
      return has('step-failed');
    case 'undo-started':
      return has('undo-started');
    case 'step-undoing':
      return has('step-undoing');
    case 'step-undone':
      return has('step-undone');
    case 'run-finished':
      return has('run-finished');
    default:
      return true;
  }
};

const actsIn = (dir: string): number =>
  existsSync(join(dir, 'acts')) ? readFileSync(join(dir, 'acts'), 'utf8').split('\n').length - 1 : 0;

const ABORTED = 128 + 6;

/** What a call says that met a fault: no bug of ours, and what was told is in the journal. */
const endedWell = (rig: CliRig, {code, stdout, stderr}: Ended, what: string): void => {
  assert.not.match(stderr, 'internal error', what);
  assert.not.match(stderr, /^\s+at .*\.(js|ts):/m, what);
  assert.ok([0, 1, 2, 3, 129, 137, 141, ABORTED].includes(code), `${what}: exit code ${code}\n${stderr}`);
  if (code === 3) assert.match(stderr, /✖ .*\[state-unwritable\]\n[\s\S]*next/, what);
  const entries = journalIn(rig.dir);
  for (const event of eventsIn(stdout))
    assert.ok(isVouchedFor(event, entries), `${what}: told, but not in the journal: ${JSON.stringify(event)}`);
};

const succeeds = async (rig: CliRig, args: readonly string[], what: string): Promise<Ended> => {
  const ended = await rig.runbook(args);
  assert.is(ended.code, 0, `${what}: then ${args.join(' ')}:\n${ended.stdout}${ended.stderr}`);
  return ended;
};

/** With the fault gone everything goes on, nothing that was checkpointed acts again, and undo leaves nothing. */
const goesOn = async (rig: CliRig, what: string): Promise<void> => {
  const before = journalIn(rig.dir);
  const wasDone = before.some((entry) => entry.type === 'step-checkpointed' && entry.step === 'two');
  const acted = actsIn(rig.dir);
  const isUndoing = before.some(({type}) => type === 'undo-started');
  const isUndone = before.some((entry) => entry.type === 'undo-finished' && entry.failed.length === 0);
  const isDone = before.some((entry) => entry.type === 'run-finished' && entry.outcome === 'done');
  if (before.length === 0) await succeeds(rig, RUN, what);
  else if (!isUndoing && !isDone) await succeeds(rig, ['resume'], what);
  if (!isUndoing) {
    if (wasDone) assert.is(actsIn(rig.dir), acted, `${what}: a checkpointed step acted again`);
    if (isSoak) await succeeds(rig, ['status'], what);
  }
  if (!isUndone) await succeeds(rig, ['undo', '--yes'], what);
  assert.equal(
    readdirSync(rig.dir, {recursive: true, encoding: 'utf8'}).filter((name) => /^(out|acts)/.test(name)),
    [],
    what,
  );
  const {stdout} = await succeeds(rig, ['runs'], what);
  assert.not.match(stdout, 'damaged', what);
};

const traced = (options: readonly string[]): CallOptions => ({
  command: ['strace', '-qq', '-o', 'trace', ...options, ...program],
});

/** The system calls that change what is on disk; all of them are made in the main thread, one after the other. */
const CALLS = ['write', 'pwrite64', 'fdatasync', 'fsync', 'rename', 'link', 'ftruncate', 'mkdir', 'unlink'] as const;
type SystemCall = (typeof CALLS)[number];

const prepare = async (rig: CliRig, scene: Scene, call: SystemCall): Promise<void> => {
  await rig.write({'small.yaml': runbook(call === 'write' ? NO_CHILDREN : SHELL)});
  for (const args of scene.before) await succeeds(rig, args, scene.name);
};

/** How often a scene makes a system call to the state directory, or to who reads, when nothing fails. */
const numbersOf = async (
  scene: Scene,
  calls: readonly SystemCall[],
): Promise<readonly (readonly [SystemCall, number])[]> => {
  const found: (readonly [SystemCall, number])[] = [];
  await cliTest(async (rig) => {
    await prepare(rig, scene, calls[0] ?? 'write');
    const ended = await rig.runbook(scene.call, traced(['-y', '-e', `trace=${calls.join(',')}`]));
    assert.is(ended.code, 0, ended.stderr);
    const lines = (await rig.read('trace')).split('\n');
    for (const call of calls) {
      const made = lines.filter((line) => line.startsWith(`${call}(`));
      // what the threads of a process tell each other by pipes is no matter of a disk
      const isOurs = (line: string): boolean => call !== 'write' || /^write\([12]<|\.runbook/.test(line);
      for (const [index, line] of made.entries()) if (isOurs(line)) found.push([call, index + 1]);
    }
  })();
  return found;
};

const [WRITE, ...OTHERS] = CALLS;
let known: Promise<readonly (readonly [Scene, SystemCall, number])[]> | undefined;

/** All places where something can fail. */
const places = (): NonNullable<typeof known> =>
  (known ??= Promise.all(
    SCENES.flatMap((scene) =>
      [[WRITE] as const, OTHERS].map(async (calls) =>
        (await numbersOf(scene, calls)).map(([call, nth]) => [scene, call, nth] as const),
      ),
    ),
  ).then((all) => all.flat()));

interface Fault {
  readonly scene: Scene;
  readonly call: SystemCall;
  /** The first one that fails is the nth. */
  readonly nth: number;
  /** What strace does to it: `error=EIO`; with `+` to all that follow, too. */
  readonly how: string;
}

const faultsOf = async (hows: readonly string[]): Promise<readonly Fault[]> =>
  (await places()).flatMap(([scene, call, nth]) => hows.map((how) => ({scene, call, nth, how})));

/** All in a soak; else so many, chosen at random. */
const sampleOf = <T>(all: readonly T[], size: number): readonly T[] => {
  if (isSoak) return all;
  const next = seeded(SEED);
  return all
    .map((one) => ({one, at: next()}))
    .sort((a, b) => a.at - b.at)
    .slice(0, size)
    .map(({one}) => one);
};

const tryFault = ({scene, call, nth, how}: Fault): Promise<void> =>
  cliTest(async (rig) => {
    const all = how.endsWith('+') ? '+' : '';
    const what = `${scene.name}: ${how} at ${call} ${nth}`;
    await prepare(rig, scene, call);
    const inject = `inject=${call}:${how.replace('+', '')}:when=${nth}${all}`;
    const ended = await rig.runbook(scene.call, traced(['-e', `trace=${call}`, '-e', inject]));
    rmSync(join(rig.dir, 'trace'), {force: true});

    endedWell(rig, ended, what);
    await goesOn(rig, what);
  })();

/** Two at a time: the tests run on two cores. */
const inPairs = async <T>(all: readonly T[], body: (one: T) => Promise<void>): Promise<void> => {
  const queue = [...all];
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await body(one);
  };
  await Promise.all([worker(), worker()]);
};

withStrace('at any write or sync lose nothing that was told, and keep nothing from going on', async () => {
  const faults = await faultsOf(['error=EIO', 'error=EIO+', 'error=ENOSPC+']);
  assert.ok(faults.length > 100, `${faults.length} faults`);
  await inPairs(sampleOf(faults, 8), tryFault);
});

withStrace('leave no half-made run in the way when the process is killed before any of its changes', async () => {
  const faults = await faultsOf(['signal=SIGKILL']);
  await inPairs(sampleOf(faults, 6), tryFault);
});

/** With a fault that is there from the beginning, and then is gone. */
const tryLimited = async (
  rig: CliRig,
  what: string,
  around: readonly string[],
  relieve: () => void,
): Promise<number> => {
  await rig.write({'small.yaml': runbook(SHELL)});
  const [file = '', ...rest] = [...around, ...program];
  const ended = await rig.runbook(RUN, {command: [file, ...rest]});
  relieve();
  endedWell(rig, ended, what);
  await goesOn(rig, what);
  return ended.code;
};

/** Steps from nothing up to where a limit is none any more; a sample of them, but always the first. */
const tryLimits = async (
  limits: readonly number[],
  sample: number,
  one: (limit: number) => Promise<number>,
): Promise<void> => {
  const [first = 0, ...others] = limits;
  const codes = [await one(first)];
  for (const limit of sampleOf(others, sample)) codes.push(await one(limit));
  assert.is(codes[0], 3, 'the first limit was none');
};

const from = (start: number, end: number, step = 1): readonly number[] =>
  Array.from({length: Math.ceil((end - start) / step)}, (_, index) => start + index * step);

/** A small disk for the state directory alone. */
const onSmallDisk = (mount: string, body: (rig: CliRig, disk: string) => Promise<void>): Promise<void> =>
  cliTest(async (rig) =>
    onTmpfs(rig.dir, mount, async (disk) => {
      symlinkSync(disk, join(rig.dir, '.runbook'));
      await body(rig, disk);
    }),
  )();

onOwnDisk(
  'of a disk that is full after any number of pages stop the run so that it goes on when there is room',
  async () => {
    await tryLimits(from(0, 14), 2, async (pages) => {
      let code = 0;
      await onSmallDisk('size=256k', async (rig, disk) => {
        const filler = join(disk, 'filler');
        spawnSync('sh', ['-c', 'cat /dev/zero > "$0" 2>/dev/null', filler]);
        truncateSync(filler, statSync(filler).size - pages * 4096);
        code = await tryLimited(rig, `${pages} pages left`, [], () => rmSync(filler));
      });
      return code;
    });
  },
);

onOwnDisk('of a disk without room for another file do so, too', async () => {
  await tryLimits(from(2, 24), 2, async (files) => {
    let code = 0;
    await onSmallDisk(`nr_inodes=${files}`, async (rig, disk) => {
      code = await tryLimited(rig, `${files} files`, [], () =>
        execFileSync('mount', ['-o', 'remount,nr_inodes=1000', disk]),
      );
    });
    return code;
  });
});

const limitsFiles = mayRun(spawnSync('prlimit', ['--fsize=1000', 'true']).status === 0, 'a limit to files (prlimit)');

(limitsFiles ? test : test.skip)('of a write that stops at any byte do so, too', async () => {
  await tryLimits(from(1, 3500, isSoak ? 29 : 1), 3, async (bytes) => {
    let code = 0;
    await cliTest(async (rig) => {
      code = await tryLimited(rig, `files of ${bytes} bytes`, ['prlimit', `--fsize=${bytes}`], () => {});
    })();
    return code;
  });
});

test.run();
