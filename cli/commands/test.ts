import {mkdtemp, rmdir} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Moment, Runbook} from '../../engine/index.ts';
import {type Call, type CommandFile, collect, examples} from '../command.ts';
import {hasTerminal, Prompter} from '../prompt.ts';
import type {Point} from '../rehearsal/orders.ts';
import {countLine, keyColumnsOf, summaryLines, trialLines} from '../rehearsal/rows.ts';
import {tooLarge} from '../rehearsal/sandbox.ts';
import {type Reference, Rehearsal, type Trial} from '../rehearsal/trial.ts';
import {ensureRequirements} from '../requirements.ts';
import {settingsOf, valueOptions} from '../settings.ts';
import {codeOfSignal} from '../signals.ts';
import {plain} from '../streams.ts';
import {sizeText, wrapped} from '../width.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly killAt?: readonly string[];
  readonly yes?: boolean;
  readonly keep?: boolean;
}

/** What is said before anything starts: the steps act. */
const WARNING =
  'The steps act for real: on your Docker, your network, your hosts. Only files under relative paths and the state directory ' +
  'are in a sandbox. Each run is taken back by undo, as far as its steps can be undone.';

/** Kills runs of a runbook at its steps, and proves that they resume. */
export const test: CommandFile = {
  define(command) {
    command
      .summary('kill runs at every step, and see that they resume')
      .description(
        [
          'Runs a runbook in a sandbox, kills it (kill -9) at a step, resumes it, sees that everything holds, and takes it ' +
            'back; once for each step and moment: before it acts, while it acts, and when it has acted and nobody knows.',
          WARNING,
        ].join('\n\n'),
      );
    command.argument('<runbook>', 'a name that `runbook list` shows, or the path of a file');
    valueOptions(command)
      .option('--kill-at <step>', 'only there; STEP or STEP:before, :during, :after; may be repeated', collect)
      .option('--keep', 'do not take back what the last run made; with one --kill-at STEP:MOMENT')
      .option('-y, --yes', 'do not ask; confirmations in the runbook are answered with yes');
    examples(command, [
      ['runbook test ./deploy.yaml', 'at every step, each before, during and after'],
      ['runbook test ./deploy.yaml --kill-at migrate', 'at one step'],
      ['runbook test ./deploy.yaml --kill-at migrate:after --kill-at server:during', 'at two moments'],
      ['runbook test ./deploy.yaml --yes --json', 'for a program: one document at the end'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const {engine} = workshop;
    const {killAt = [], yes = false, keep = false} = call.options<Options>();
    const wanted = killAt.map((text) => wantedOf(text));
    if (keep && (wanted.length !== 1 || wanted[0]?.moment === undefined)) throw keepsOne(workshop);
    const file = workshop.fileOf(call.args[0] ?? '');
    const runbook = await workshop.load(file);
    await refuseLarge(file, workshop);
    const prompter = prompterOf(call, workshop, yes);
    await ensureRequirements(runbook.requires, {call, workshop, provision: false, prompter});
    if (!yes && !(await isAgreed(call, runbook, prompter, workshop))) return engine.EXIT.failed;
    const dir = await mkdtemp(join(tmpdir(), 'runbook-test-'));
    const {set, envFiles} = settingsOf(call);
    const original = {file, cwd: call.around.cwd, stateDir: call.stateDir};
    const rehearsal = new Rehearsal(call, workshop, {original, set, envFiles, dir, keep});
    call.around.holdSignals();
    const {reference, trials} = await rehearse(call, rehearsal, wanted, workshop).finally(() => removeEmpty(dir));
    const isGood = reference.problem === undefined && trials.every(({problems}) => problems.length === 0);
    if (call.json)
      call.printJson({runbook: runbook.name, isGood, durationMs: Math.round(reference.durationMs), trials});
    else if (trials.length > 0) call.tell(['', ...summaryLines(trials, reference, call.errStyle)]);
    if (call.around.signal.aborted) return codeOfSignal(call.around.signal.reason);
    return isGood ? engine.EXIT.done : engine.EXIT.failed;
  },
};

/** What is to be looked at stays in it. */
const removeEmpty = (dir: string): Promise<void> => rmdir(dir).catch(() => {});

interface Wanted {
  readonly step: string;
  readonly moment?: Moment;
}

const wantedOf = (text: string): Wanted => {
  const [, step, moment] = /^(.*):(before|during|after)$/s.exec(text) ?? [];
  return step === undefined || moment === undefined ? {step: text} : {step, moment: moment as Moment};
};

const rehearse = async (
  call: Call,
  rehearsal: Rehearsal,
  wanted: readonly Wanted[],
  workshop: Workshop,
): Promise<{reference: Reference; trials: readonly Trial[]}> => {
  const say = teller(call);
  say('a run without a kill, to measure by');
  const reference = await rehearsal.reference();
  const trials: Trial[] = [];
  if (reference.problem !== undefined) {
    say();
    const {message, sandbox} = reference.problem;
    call.tell([`${call.errStyle('red', '✖')} without any kill: ${message}`, `  see: ${sandbox}`]);
    return {reference, trials};
  }
  const points = pointsOf(reference.points, wanted, workshop);
  say();
  if (!call.json) call.tell(['', countLine(points), '']);
  const columns = Math.min(call.around.stderr.columns || 100, 100);
  const layout = {keyColumns: keyColumnsOf(points), columns, style: call.errStyle, usual: reference.remains};
  for (const point of points) {
    if (call.around.signal.aborted) break;
    const trial = await rehearsal.trial(point, (doing) => say(`${point.step} ${point.moment}: ${doing}`));
    trials.push(trial);
    say();
    if (!call.json) call.tell(trialLines(trial, layout));
  }
  return {reference, trials};
};

/** Of all that a run comes to, in its order, what is wanted. */
const pointsOf = (all: readonly Point[], wanted: readonly Wanted[], {engine}: Workshop): readonly Point[] => {
  const steps = [...new Set(all.map(({step}) => step))];
  for (const {step} of wanted) {
    if (steps.some((key) => isMeant(key, step))) continue;
    const {expected, next = []} = engine.suggest(step, steps);
    throw new engine.RunbookError({
      code: 'unknown-step',
      message: `--kill-at: the run came to no step "${step}" that acts or looks`,
      ...(expected === undefined ? {} : {expected}),
      next: [...next, `those are: ${steps.join(', ')}`],
    });
  }
  const isWanted = ({step, moment}: Point): boolean =>
    wanted.length === 0 || wanted.some((one) => isMeant(step, one.step) && (one.moment ?? moment) === moment);
  const byStep = steps.flatMap((step) => all.filter((point) => point.step === step));
  return byStep.filter((point, index) => isWanted(point) && byStep.findIndex((one) => same(one, point)) === index);
};

const same = (a: Point, b: Point): boolean => a.step === b.step && a.moment === b.moment;

/** An id stands for all items of its `foreach`, and for all steps of its runbook. */
const isMeant = (key: string, id: string): boolean =>
  key === id || key.startsWith(`${id}[`) || key.startsWith(`${id}.`);

/** A line that says what goes on and is wiped again; nothing where no terminal is. */
const teller = ({around: {stderr}, json}: Call): ((text?: string) => void) => {
  if (json || stderr.isTTY !== true) return () => {};
  return (text = '') => void stderr.write(`\r\x1b[K${text === '' ? '' : `  … ${text}`}`);
};

const isAgreed = async (call: Call, runbook: Runbook, prompter: Prompter, {engine}: Workshop): Promise<boolean> => {
  if (!hasTerminal(call.around) || call.json)
    throw new engine.RunbookError({
      code: 'no-terminal',
      message: 'nothing was done: the steps act for real, and nobody can be asked',
      next: ['answer with --yes'],
    });
  call.tell([...wrapped(WARNING, Math.min(call.around.stderr.columns || 100, 100)), '']);
  return await prompter.ask({kind: 'confirm', message: `Run "${runbook.name}" again and again, and kill it?`});
};

const prompterOf = (call: Call, {engine}: Workshop, yes: boolean): Prompter =>
  new Prompter({
    around: call.around,
    progress: {emit: () => {}, pause: async () => {}, resume: () => {}},
    yes,
    colours: call.errStyle !== plain,
    refuse: (message, next) => new engine.RunbookError({code: 'no-terminal', message, next: [next]}),
  });

const refuseLarge = async (file: string, {engine}: Workshop): Promise<void> => {
  const bytes = await tooLarge(file);
  if (bytes === undefined) return;
  throw new engine.RunbookError({
    code: 'usage',
    message: `the folder of the runbook is copied for each kill, and holds more than ${sizeText(bytes)}`,
    next: ['put the runbook into a folder of its own, with what it needs by relative paths'],
  });
};

const keepsOne = ({engine}: Workshop): Error =>
  new engine.RunbookError({
    code: 'usage',
    message: '--keep is for one kill: what it leaves would be in the way of the next',
    next: ['runbook test RUNBOOK --keep --kill-at STEP:during'],
  });
