import type {Plan, PlannedStep} from '../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import {pasteable} from '../command-line.ts';
import {quietHost} from '../host.ts';
import type {Wording} from '../progress/words.ts';
import {labelled} from '../report.ts';
import {settingsOf, valueOptions} from '../settings.ts';
import type {Style} from '../streams.ts';
import {padded, widthOf} from '../width.ts';
import {openWorkshop} from '../workshop.ts';

/** What a run would do, probed against reality; changes nothing. */
export const plan: CommandFile = {
  define(command) {
    command
      .summary('show what a run would do')
      .description('Looks at what is already true and says per step what a run would do. Changes nothing.');
    command.argument('<runbook>', 'a name that `runbook list` shows, or the path of a file');
    valueOptions(command);
    examples(command, [
      ['runbook plan consul-cluster', 'what would happen'],
      ['runbook plan consul-cluster --set servers=5', 'with another input'],
      ['runbook plan ./upgrade-web.yaml --json', 'for a program'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const runbook = await workshop.load(workshop.fileOf(call.args[0] ?? ''));
    const request = {runbook, registry: workshop.registry, ...settingsOf(call)};
    const planned = await workshop.engine.planRun(request, quietHost(call));
    if (call.json) call.printJson(planned);
    else call.print(planLines(planned, call));
    return 0;
  },
};

const DECISIONS: Readonly<Record<PlannedStep['decision'], Wording>> = {
  skip: {mark: '=', word: 'skip', format: 'green'},
  run: {mark: '▸', word: 'run', format: 'cyan'},
  look: {mark: '◦', word: 'look', format: 'cyan'},
  unknown: {mark: '?', word: 'unknown', format: 'yellow'},
  leave: {mark: '-', word: 'leave', format: 'dim'},
  ask: {mark: '?', word: 'ask', format: 'yellow'},
};

const WORD_COLUMNS = 7;

const planLines = ({runbook, title, steps}: Plan, {outStyle: style}: Call): string[] => {
  const keys = Math.max(0, ...steps.map(({key}) => widthOf(key)));
  return [
    `${style('bold', runbook)}  ${style('dim', title)}`,
    '',
    ...steps.flatMap((step) => stepLines(step, keys, style)),
    '',
    `${counts(steps)}; nothing was changed`,
  ];
};

const stepLines = (
  {key, title, decision, why, command, expected, found}: PlannedStep,
  keys: number,
  style: Style,
): string[] => {
  const {mark, word, format} = DECISIONS[decision];
  const head = `  ${style(format, mark)} ${padded(key, keys)}  ${style(format, padded(word, WORD_COLUMNS))}`;
  const about = [title === key ? '' : title, why === '' ? '' : style('dim', `(${why})`)].filter((text) => text !== '');
  const isShown = decision !== 'skip' && decision !== 'leave' && command.trim() !== '';
  return [
    `${head}  ${about.join(' ')}`.trimEnd(),
    ...(isShown ? commandLines(command, style) : []),
    ...(expected === undefined ? [] : labelled('expected', expected, style).map((line) => `    ${line}`)),
    ...(found === undefined ? [] : labelled('found', found, style).map((line) => `    ${line}`)),
  ];
};

const commandLines = (command: string, style: Style): string[] =>
  pasteable(command, `      ${style('dim', '$')} `, ' '.repeat(8), (line) => style('dim', line));

const counts = (steps: readonly PlannedStep[]): string =>
  Object.entries(DECISIONS)
    .map(([decision, {word}]) => ({word, count: steps.filter((step) => step.decision === decision).length}))
    .filter(({count}) => count > 0)
    .map(({word, count}) => `${count} ${word}`)
    .join(', ') || 'no steps';
