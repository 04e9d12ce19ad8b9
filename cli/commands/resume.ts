import {readFileSync, statSync} from 'node:fs';
import {resolve} from 'node:path';
import type {Approval, ResumePlan, ResumeRequest} from '../../engine/index.ts';
import {type Call, type CommandFile, collect, examples} from '../command.ts';
import {conduct} from '../conduct.ts';
import {courseLines, keptLine} from '../course-lines.ts';
import {quietHost} from '../host.ts';
import {lookLines} from '../look-lines.ts';
import {nextSteps} from '../report.ts';
import {resuming} from '../resuming.ts';
import {paceOptions, settingsOf, valueOptions} from '../settings.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly plan?: boolean;
  readonly approve?: string;
  readonly all?: boolean;
  readonly redo?: readonly string[];
  readonly accept?: readonly string[];
  readonly reason?: string;
  readonly yes?: boolean;
  readonly provision?: boolean;
}

/** Goes on with a run: what still holds is kept, the rest is done. */
export const resume: CommandFile = {
  define(command) {
    command
      .summary('go on with a run that did not finish')
      .description('Verifies what was finished, keeps what still holds, and does the rest.');
    command.argument('[run]', 'its id, or enough of it (default: the newest unfinished run)');
    valueOptions(command)
      .option('--plan', 'show what would be done and why; change nothing')
      .option('--approve <hash>', 'go on only if the plan is the one that was looked at: its hash, or the file with it')
      .option('--all', 'show each step, also where many in a row still hold')
      .option('--redo <id>', 'do this step again, whatever it was; may be repeated', collect)
      .option('--accept <id>', 'take this step as done without a check; needs --reason; may be repeated', collect)
      .option('--reason <text>', 'why it is accepted; kept in the journal');
    paceOptions(command).option('--provision', 'install and start what the runbook requires, unasked');
    examples(command, [
      ['runbook resume', 'the newest unfinished run'],
      ['runbook resume --plan', 'what it would do, and why'],
      ['runbook resume --plan --json > plan.json', 'to be looked at'],
      ['runbook resume --approve plan.json', 'that, or nothing'],
      ['runbook resume k3f9 --set servers=5', 'that run, with another input'],
      ['runbook resume --redo migrate', 'do a step again'],
      ["runbook resume --accept migrate --reason 'done by hand'", 'go on after a step that was done by hand'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const options = call.options<Options>();
    const request = requestOf(call, workshop);
    if (options.plan) return showPlan(call, await workshop.engine.planResume(request, quietHost(call)));
    return conduct(call, workshop, {
      yes: options.yes ?? false,
      all: options.all ?? false,
      work: resuming(call, workshop, request),
      again: (chosen) => resuming(call, workshop, chosen),
    });
  },
};

const requestOf = (call: Call, {registry, load, engine}: Workshop): ResumeRequest => {
  const {redo = [], accept = [], reason, approve} = call.options<Options>();
  if (accept.length > 0 && (reason === undefined || reason.trim() === ''))
    throw new engine.RunbookError({
      code: 'usage',
      message: '--accept needs --reason: it is kept in the journal',
      next: [`runbook resume --accept ${accept[0]} --reason 'done by hand'`],
    });
  const [run] = call.args;
  return {
    ...(run === undefined ? {} : {run}),
    registry,
    load,
    ...settingsOf(call),
    redo: [...redo],
    accept: accept.map((step) => ({step, reason: reason ?? ''})),
    ...(approve === undefined ? {} : {approve: readApproval(approve, call, engine)}),
  };
};

/** A plan's hash as it was typed, or that in a file which `--plan --json` has written. */
const readApproval = (given: string, call: Call, {RunbookError}: Workshop['engine']): Approval => {
  if (/^[0-9a-f]{32}$/i.test(given)) return {hash: given.toLowerCase()};
  try {
    const file = resolve(call.around.cwd, given);
    // a pipe or a device could be read forever
    const plan = statSync(file).isFile() ? (JSON.parse(readFileSync(file, 'utf8')) as Approval) : undefined;
    if (typeof plan?.hash === 'string' && Array.isArray(plan.steps)) return plan;
  } catch {
    // said below
  }
  throw new RunbookError({
    code: 'usage',
    message: `--approve: "${given}" is neither the hash of a plan nor a file with one`,
    next: ['make one with: runbook resume --plan --json > plan.json'],
  });
};

const showPlan = (call: Call, plan: ResumePlan): number => {
  if (call.json) call.printJson(plan);
  else call.print(planLines(plan, call));
  return 0;
};

const planLines = ({run, runbook, hash, resume, kept, steps}: ResumePlan, call: Call): string[] => {
  const style = call.outStyle;
  const {all = false} = call.options<Options>();
  const courses = courseLines(steps, style, all);
  const how = {style, program: call.around.program};
  const next = [`do this: ${resume}`, `this and nothing else: ${resume} --approve ${hash}`];
  return [
    `${style('bold', runbook)}  ${style('dim', `run ${run}`)}`,
    '',
    ...lookLines(steps, style, all),
    '',
    ...(courses.length === 0 ? ['nothing is left to do'] : [style('bold', 'what a resume does'), ...courses]),
    ...keptLine(kept),
    ...(courses.length === 0 ? [] : nextSteps(next, how)),
  ];
};
