import type {ResumePlan, ResumeRequest} from '../../engine/index.ts';
import {type Call, type CommandFile, collect, examples} from '../command.ts';
import {inOneLine} from '../command-line.ts';
import {conduct} from '../conduct.ts';
import {quietHost} from '../host.ts';
import {lookLines} from '../look-lines.ts';
import {ensureRequirements} from '../requirements.ts';
import {paceOptions, settingsOf, valueOptions} from '../settings.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly plan?: boolean;
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
      .option('--redo <id>', 'do this step again, whatever it was; may be repeated', collect)
      .option('--accept <id>', 'take this step as done without a check; needs --reason; may be repeated', collect)
      .option('--reason <text>', 'why it is accepted; kept in the journal');
    paceOptions(command).option('--provision', 'install and start what the runbook requires, unasked');
    examples(command, [
      ['runbook resume', 'the newest unfinished run'],
      ['runbook resume --plan', 'what it would do, and why'],
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
      work: (host, prompter) => {
        const load = async (file: string) => {
          const runbook = await workshop.load(file);
          const provision = options.provision ?? false;
          await ensureRequirements(runbook.requires, {call, workshop, provision, prompter});
          return runbook;
        };
        return workshop.engine.resumeRun({...request, load}, host);
      },
    });
  },
};

const requestOf = (call: Call, {registry, load, engine}: Workshop): ResumeRequest => {
  const {redo = [], accept = [], reason} = call.options<Options>();
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
  };
};

const showPlan = (call: Call, plan: ResumePlan): number => {
  if (call.json) call.printJson(plan);
  else call.print(planLines(plan, call));
  return 0;
};

const ACTIONS: Readonly<Record<string, string>> = {redo: 'again', perform: 'still to do'};

const planLines = ({run, runbook, steps}: ResumePlan, {outStyle: style}: Call): string[] => {
  const todo = steps.filter(({action}) => action in ACTIONS);
  return [
    `${style('bold', runbook)}  ${style('dim', `run ${run}`)}`,
    '',
    ...lookLines(
      steps.map(({look, title}) => ({...look, title})),
      style,
    ),
    '',
    style('bold', todo.length === 0 ? 'nothing is left to do' : 'a resume would do'),
    ...todo.flatMap(({look, action, command}) => [
      `  ${look.step}  ${style('dim', ACTIONS[action] ?? '')}`,
      ...(command === '' ? [] : [`    ${style('dim', `$ ${inOneLine(command)}`)}`]),
    ]),
  ];
};
