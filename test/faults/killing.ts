import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type {Stamped} from '../../engine/entries.ts';
import {parseJournal} from '../../engine/journal.ts';
import {type CallOptions, type CliRig, cliTest, type Ended, program} from '../cli-rig.ts';
import {SEED} from '../random.ts';

/** A runbook whose acts can be counted: each acting step appends its key to the file `acts`. */
export interface KillCase {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** Steps that must not be repeated unasked. */
  readonly once: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** By step, what changes whenever it acts: ids, times of starts, indexes. */
  stamps?(): Promise<ReadonlyMap<string, string>>;
  /** Throws where an effect is not there, or is there twice. */
  exists(rig: CliRig): Promise<void>;
  /** What an undo has left behind. */
  left(rig: CliRig): Promise<readonly string[]>;
  /** Called at the end, also when it failed. */
  cleanUp?(): Promise<void>;
}

/**
 * Where a process is killed. `write`: as it is about to write the nth part of its journal, so that this is lost; `sync`: it
 * is written, nothing of it is done and nobody knows; otherwise so many milliseconds after the start.
 */
export type Kill = {readonly at: 'write' | 'sync'; readonly n: number} | {readonly ms: number; readonly group: boolean};

const CALLS = {write: 'pwrite64', sync: 'fdatasync'} as const;

export const nameOf = (kill: Kill): string => {
  if ('at' in kill) return `at ${kill.at} ${kill.n}`;
  return `after ${kill.ms} ms${kill.group ? ', with its group' : ''}`;
};

/** How often a call of the program writes its journal. */
export const writesOf = async (rig: CliRig, {args = [], env = {}}: KillCase): Promise<number> => {
  const log = join(rig.dir, 'strace.log');
  const command = ['strace', '-qq', '-o', log, '-e', 'trace=fdatasync', ...program] as [string, ...string[]];
  const {code, stderr} = await rig.runbook(['run', './kill.yaml', ...args], {command, env});
  assert.is(code, 0, stderr);
  return (await rig.read('strace.log')).split('\n').filter((line) => line.startsWith('fdatasync')).length;
};

/** Runs the program and kills it there, or lets it come to its end before. */
export const killed = async (rig: CliRig, args: readonly string[], kill: Kill, options: CallOptions): Promise<void> => {
  const {code, stderr} = await endOf(rig, args, kill, options);
  assert.ok(code === 0 || code === KILLED, `it was not killed ${nameOf(kill)}, but failed: ${stderr}`);
};

const KILLED = 137;

const endOf = async (rig: CliRig, args: readonly string[], kill: Kill, options: CallOptions): Promise<Ended> => {
  if ('at' in kill) {
    const call = CALLS[kill.at];
    const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${kill.n}`];
    // Without -f: what the steps start lives on untraced, as it does when nobody traces.
    return await rig.runbook(args, {...options, command: ['strace', '-qq', '-o', '/dev/null', ...inject, ...program]});
  }
  const live = rig.start(args, {...options, ownGroup: true});
  await Promise.race([sleep(kill.ms), live.ended]);
  const {pid, exitCode} = live.child;
  if (pid !== undefined && exitCode === null) process.kill(kill.group ? -pid : pid, 'SIGKILL');
  return await live.ended;
};

const journalIn = (dir: string): string | undefined => {
  const runs = join(dir, '.runbook/runs');
  const [run] = existsSync(runs) ? readdirSync(runs) : [];
  const file = join(runs, run ?? '', 'journal.jsonl');
  return run !== undefined && existsSync(file) ? file : undefined;
};

/** What a reader of the journal sees at this moment, also while it is written. */
export const entriesIn = (dir: string): readonly Stamped[] => {
  const file = journalIn(dir);
  return file === undefined ? [] : parseJournal(file, readFileSync(file)).entries;
};

/** How often each step has acted. */
export const actsIn = (dir: string): ReadonlyMap<string, number> => {
  const acts = new Map<string, number>();
  const file = join(dir, 'acts');
  if (!existsSync(file)) return acts;
  for (const step of readFileSync(file, 'utf8').split('\n').filter(Boolean)) acts.set(step, (acts.get(step) ?? 0) + 1);
  return acts;
};

const isDone = (dir: string): boolean => {
  const last = entriesIn(dir).at(-1);
  return last?.type === 'run-finished' && last.outcome === 'done';
};

const checkpointedIn = (dir: string): ReadonlySet<string> => {
  const done = new Set<string>();
  for (const entry of entriesIn(dir)) {
    if (entry.type === 'step-checkpointed') done.add(entry.step);
    if (entry.type === 'step-reopened' || entry.type === 'step-undone') done.delete(entry.step);
  }
  return done;
};

/** The steps about which a call asks, since they must not be repeated. */
const askedIn = ({stderr}: Ended): readonly string[] => [
  ...new Set([...stderr.matchAll(/--redo (\S+)/g)].map(([, step = '']) => step)),
];

/** Goes on until the run is done; answers for steps that must not be repeated as a person would who has looked. */
const resumed = async (rig: CliRig, {once}: KillCase, options: CallOptions): Promise<void> => {
  const first = await rig.runbook(['resume'], options);
  if (first.code === 0) return;
  const asked = askedIn(first);
  assert.is(first.code, 1, first.stderr);
  assert.ok(asked.length > 0 && asked.every((step) => once.includes(step)), first.stderr);
  const acts = actsIn(rig.dir);
  const redo = asked.filter((step) => !acts.has(step)).flatMap((step) => ['--redo', step]);
  const accept = asked.filter((step) => acts.has(step)).flatMap((step) => ['--accept', step]);
  const reason = accept.length > 0 ? ['--reason', 'seen'] : [];
  const second = await rig.runbook(['resume', ...redo, ...accept, ...reason], options);
  assert.is(second.code, 0, second.stderr);
};

/** A run, the resumes after it, and the undo at the end: each may be killed. */
export interface Kills {
  readonly run: Kill;
  readonly resumes?: readonly Kill[];
  readonly undo?: Kill;
}

const titleOf = ({name}: KillCase, {run, resumes = [], undo}: Kills): string =>
  [
    `${name}, killed ${nameOf(run)}`,
    ...resumes.map((kill) => `its resume ${nameOf(kill)}`),
    ...(undo === undefined ? [] : [`its undo ${nameOf(undo)}`]),
    `seed ${SEED}`,
  ].join('; ');

const LIMIT_MS = 240_000;

/** Kills a run, resumes it, looks at everything that it should have done and not done, and takes it back. */
export const trial = (one: KillCase, kills: Kills): Promise<void> =>
  cliTest(async (rig) => {
    const title = titleOf(one, kills);
    const options = {env: one.env ?? {}};
    try {
      await rig.write(one.files);
      await killed(rig, ['run', './kill.yaml', ...(one.args ?? [])], kills.run, options);
      const [first] = entriesIn(rig.dir);
      if (first?.type !== 'run-started') return assert.equal(await one.left(rig), [], `${title}: it never began`);

      let died = 1;
      for (const kill of kills.resumes ?? []) {
        if (isDone(rig.dir)) break;
        await interrupted(rig, ['resume'], kill, one, options, title);
        died += 1;
      }
      const done = checkpointedIn(rig.dir);
      const before = actsIn(rig.dir);
      const stamped = await one.stamps?.();
      if (!isDone(rig.dir)) await resumed(rig, one, options);

      const acts = actsIn(rig.dir);
      const stamps = await one.stamps?.();
      for (const step of done) assert.is(stamps?.get(step), stamped?.get(step), `${title}: ${step} acted again`);
      for (const step of done) assert.is(acts.get(step), before.get(step), `${title}: ${step} acted again`);
      for (const step of one.once) assert.is(acts.get(step), 1, `${title}: ${step} must not be repeated`);
      for (const [step, times] of acts) assert.ok(times <= 1 + died, `${title}: ${step} acted ${times} times`);
      const status = await rig.runbook(['status'], options);
      assert.is(status.code, 0, `${title}: ${status.stdout}${status.stderr}`);
      assert.is((await rig.runbook(['resume'], options)).code, 2, `${title}: there is nothing to resume`);
      await one.exists(rig).catch((error) => assert.unreachable(`${title}: ${error.message}`));

      const undo = ['undo', first.run, '--yes'];
      if (kills.undo !== undefined) await killed(rig, undo, kills.undo, options);
      const undone = await rig.runbook(undo, options);
      assert.is(undone.code, 0, `${title}: ${undone.stderr}`);
      assert.equal(await one.left(rig), [], title);
    } finally {
      await one.cleanUp?.();
    }
  }, LIMIT_MS)();

/** A call that is killed does nothing again that was finished before. */
const interrupted = async (
  rig: CliRig,
  args: readonly string[],
  kill: Kill,
  {once}: KillCase,
  options: CallOptions,
  title: string,
): Promise<void> => {
  const done = checkpointedIn(rig.dir);
  const before = actsIn(rig.dir);
  const ended = await endOf(rig, args, kill, options);
  // A resume that has to ask first ends before it comes to that moment.
  const asked = askedIn(ended);
  const asks = ended.code === 1 && asked.length > 0 && asked.every((step) => once.includes(step));
  assert.ok(asks || ended.code === 0 || ended.code === KILLED, `${title}: not killed, but failed: ${ended.stderr}`);
  for (const step of done) assert.is(actsIn(rig.dir).get(step), before.get(step), `${title}: ${step} acted again`);
};

/** Kills a run and takes it back at once, without a resume. */
export const undoTrial = (one: KillCase, kill: Kill): Promise<void> =>
  cliTest(async (rig) => {
    const title = `${one.name}, killed ${nameOf(kill)} and undone; seed ${SEED}`;
    const options = {env: one.env ?? {}};
    try {
      await rig.write(one.files);
      await killed(rig, ['run', './kill.yaml', ...(one.args ?? [])], kill, options);
      if (entriesIn(rig.dir).length > 0) {
        const undone = await rig.runbook(['undo', '--yes'], options);
        assert.is(undone.code, 0, `${title}: ${undone.stderr}`);
      }
      assert.equal(await one.left(rig), [], title);
    } finally {
      await one.cleanUp?.();
    }
  }, LIMIT_MS)();

/** Makes moments at random, within what a call of the program takes on this machine now. */
export const momentsOf = async (next: () => number): Promise<(lengthMs: number) => Kill> => {
  let startMs = 0;
  await cliTest(async (rig) => {
    const started = performance.now();
    await rig.runbook(['validate', '.']);
    startMs = performance.now() - started;
  })();
  return (lengthMs) => {
    const pace = Math.max(1, startMs / USUAL_START_MS);
    return {ms: Math.round(startMs * (0.6 + next() * 0.4) + next() * lengthMs * pace), group: next() < 0.5};
  };
};

/** How long the program takes to start where nothing else runs. */
const USUAL_START_MS = 250;

/** Two at a time: the tests run on two cores. */
export const inPairs = async (trials: readonly (() => Promise<void>)[]): Promise<void> => {
  const queue = [...trials];
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await one();
  };
  await Promise.all([worker(), worker()]);
};

/** The processes that a run's steps have left, by the step. */
export const processesOf = (run: string): readonly string[] =>
  readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const mark = readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .find((entry) => entry.startsWith(`RUNBOOK_STEP=${run}/`));
      return mark === undefined ? [] : [mark.slice(`RUNBOOK_STEP=${run}/`.length).replace(/\/\d+$/, '')];
    } catch {
      return []; // ended meanwhile
    }
  });

/** Files that steps have made. */
export const filesLeft = (dir: string, {files}: Pick<KillCase, 'files'>): readonly string[] =>
  readdirSync(dir, {recursive: true, encoding: 'utf8'}).filter(
    (name) => !name.startsWith('.runbook') && !(name in files) && name !== 'acts' && !isFolderOf(name, files),
  );

const isFolderOf = (name: string, files: KillCase['files']): boolean =>
  Object.keys(files).some((file) => file.startsWith(`${name}/`));
