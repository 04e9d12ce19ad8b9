import type {ReportedStep} from '../../engine/index.ts';
import {checkText, code, fenced, needs, paths, section} from '../markdown-page.ts';
import type {Origin, Recording} from './recording.ts';

/** A recorded run as Markdown: its prose, each command with what it printed, each check with what it saw. */
export const recordedPage = ({report, description, tools, origin}: Recording): string =>
  `${[
    originLine(origin),
    `# ${report.title}`,
    ...section(report.about),
    ...needs(description),
    ...settings(origin),
    ...grouped(report.steps).flatMap((steps, index) => stepSection(steps, index + 1)),
    '---',
    footer(origin, tools),
    ...paths(
      description.pathsFrom,
      report.steps.map(({command}) => command),
    ),
  ].join('\n\n')}\n`;

const ORIGIN = /^<!-- runbook docs (\{.*\}) -->$/m;

/** A comment must not hold two dashes. */
const originLine = (origin: Origin): string =>
  `<!-- runbook docs ${JSON.stringify(origin).replaceAll('--', '-\\u002d')} -->`;

/** How a page was made, as it says itself. */
export const originOf = (markdown: string): Origin | undefined => {
  try {
    const json = ORIGIN.exec(markdown)?.[1];
    return json === undefined ? undefined : (JSON.parse(json) as Origin);
  } catch {
    return undefined;
  }
};

const settings = ({set, after}: Origin): string[] => {
  const given = Object.entries(set).map(([name, value]) => code(`${name}=${value}`));
  if (given.length + after.length === 0) return [];
  const how = [
    ...(given.length === 0 ? [] : [`with ${listed(given)}`]),
    ...(after.length === 0 ? [] : [`after ${listed(after.map(({runbook}) => code(runbook)))}, on the same engine`]),
  ];
  return [`What follows was recorded ${how.join(', ')}.`];
};

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** The items of a `foreach` stand together. */
const grouped = (steps: readonly ReportedStep[]): [ReportedStep, ...ReportedStep[]][] => {
  const groups = new Map<string, [ReportedStep, ...ReportedStep[]]>();
  for (const step of steps) {
    const group = groups.get(step.group);
    if (group === undefined) groups.set(step.group, [step]);
    else group.push(step);
  }
  return [...groups.values()];
};

const titleOf = (steps: readonly [ReportedStep, ...ReportedStep[]]): string => {
  const [{title}] = steps;
  return steps.length === 1 ? title : title.replace(/ \([^)]*\)$/, '');
};

const stepSection = (steps: readonly [ReportedStep, ...ReportedStep[]], number: number): string[] => {
  const [first] = steps;
  const areAlike = new Set(steps.map((step) => checkLines(step).join('\n'))).size === 1;
  return [
    `## ${number}. ${titleOf(steps)}`,
    ...section(first.about),
    ...steps.flatMap((step) => [
      ...(steps.length === 1 ? [] : [`**${itemOf(step)}**`]),
      ...done(step),
      ...(areAlike ? [] : [checksOf(step)]),
    ]),
    ...(areAlike ? [checksOf(first)] : []),
  ].filter((text) => text !== '');
};

const itemOf = ({key}: ReportedStep): string => /\[([^[\]]*)\]$/.exec(key)?.[1] ?? key;

const WORDS: Partial<Record<NonNullable<ReportedStep['ending']>, string>> = {
  'already-true': '*This was true already, so nothing was done.*',
  skipped: '*This was left out.*',
};

const done = (step: ReportedStep): string[] => {
  const {command, ending, output} = step;
  const word = ending === undefined ? undefined : WORDS[ending];
  return [
    ...(command.trim() === '' ? [] : [fenced(command.trimEnd())]),
    ...(word === undefined ? [] : [word]),
    ...valuesLine(step),
    ...(output.trim() === '' ? [] : [outputBlock(output.trimEnd())]),
  ];
};

/** For the check alone: names that are chosen anew in each run. */
const valuesLine = ({values}: ReportedStep): string[] =>
  Object.keys(values).length === 0 ? [] : [`<!-- values ${JSON.stringify(values).replaceAll('--', '-\\u002d')} -->`];

const LINES_OPEN = 25;

const outputBlock = (output: string): string => {
  const lines = output.split('\n').length;
  const block = fenced(output, /^[[{]/.test(output) ? 'json' : 'text');
  return lines <= LINES_OPEN
    ? `It prints:\n\n${block}`
    : `<details><summary>It prints ${lines} lines</summary>\n\n${block}\n\n</details>`;
};

const SEEN_LINES = 3;
const SEEN_COLUMNS = 100;

const checkLines = ({checks, ending}: ReportedStep): string[] =>
  ending === 'skipped' ? [] : checks.map((check) => `- ${checkText(check)}`);

const checksOf = (step: ReportedStep): string => {
  const lines = checkLines(step);
  const seen = step.evidence
    .filter((line) => line.startsWith('  '))
    .map((line) => line.trim())
    .filter((line) => line.length <= SEEN_COLUMNS)
    .slice(0, SEEN_LINES);
  return [...lines, ...(lines.length === 0 ? [] : seen.map((line) => `  - seen: ${code(line)}`))].join('\n');
};

/** What stands for what, in a sentence. */
export const PLACEHOLDERS =
  'Ids, addresses, times, ages and sizes are others in each run; names such as <id-1>, 192.0.2.1 and “moments ago” stand for them, ' +
  'the same for the same on the whole page.';

const footer = ({runbook}: Origin, tools: readonly string[]): string =>
  [
    `Run it: \`runbook run ${runbook}\`. Learn it: \`runbook learn ${runbook}\`.`,
    `Recorded with ${listed(tools)}, one step after the other. ${PLACEHOLDERS.replace('<id-1>, 192.0.2.1', '`<id-1>`, `192.0.2.1`')}`,
  ].join('\n\n');
