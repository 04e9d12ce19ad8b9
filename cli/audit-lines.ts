import type {AuditReport, Leak} from '../engine/index.ts';
import type {Call} from './command.ts';
import {nextSteps, shownPath} from './report.ts';
import type {Style} from './streams.ts';
import {padded, sizeText, widthOf} from './width.ts';

/** What an audit has found: each place, what was looked for, what was not, and what to do. */
export const auditLines = (report: AuditReport, call: Call, inputVariable: (name: string) => string): string[] => {
  const style = call.outStyle;
  const {run, runbook, files, bytes} = report;
  const searched = files === 0 ? 'nothing was searched' : `searched ${count(files, 'file')}, ${sizeText(bytes)}`;
  return [
    `${style('bold', runbook)}  ${style('dim', `run ${run}, ${searched}`)}`,
    '',
    ...block(style('bold', 'found'), leakLines(report.leaks, call)),
    ...block(style('bold', 'looked for'), soughtLines(report, style)),
    ...block(
      style('bold', 'not looked for'),
      rows(report.missing.map(({name, why}) => [name, why])).map((row) => `  ${style('yellow', '!')} ${row}`),
    ),
    ...block(
      style('bold', 'not looked into'),
      report.unread.map(({file, why}) => `  ${style('yellow', '!')} ${shownPath(file, call.around.cwd)}: ${why}`),
    ),
    ...verdict(report, call, inputVariable),
  ];
};

const block = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [title, ...lines, '']);

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

/** Columns below each other. */
const rows = (cells: readonly (readonly string[])[]): string[] => {
  const width = Math.max(0, ...cells.map(([first = '']) => widthOf(first)));
  return cells.map(([first = '', ...rest]) => [padded(first, width), ...rest].join('  ').trimEnd());
};

const leakLines = (leaks: readonly Leak[], {outStyle: style, around}: Call): string[] =>
  leaks.flatMap(({file, line, column, offset, secret, encoding, isPart}) => {
    const path = shownPath(file, around.cwd);
    const where = line === 0 ? `${path}, its name` : `${path}:${line}:${column}`;
    const how = encoding === 'plain' ? 'as it is' : `in ${encoding}`;
    const from = line === 0 ? '' : style('dim', `, byte ${offset}`);
    return [`  ${style('red', '✖')} ${where}`, `      ${secret}, ${isPart ? 'a part of it, ' : ''}${how}${from}`];
  });

const soughtLines = ({sought}: AuditReport, style: Style): string[] =>
  rows(
    sought.map(({name, isProven}) => [
      name,
      isProven ? '' : style('dim', 'as it is now; nothing tells whether the run had that value, too'),
    ]),
  ).map((row) => `  ${style('dim', '·')} ${row}`);

const verdict = (
  report: AuditReport,
  {outStyle: style, around}: Call,
  inputVariable: (name: string) => string,
): string[] => {
  const {leaks, sought, missing, unread, clean, run} = report;
  const how = {style, program: around.program};
  if (leaks.length > 0) {
    const secrets = new Set(leaks.map(({secret}) => secret)).size;
    const next = ['remove these places, or the files', 'change the secrets: whoever could read the files has them'];
    const said = `${count(leaks.length, 'place')} where ${count(secrets, 'secret')} can be read`;
    return [style('red', `✖ ${said}`), ...nextSteps(next, how)];
  }
  if (clean && sought.length === 0) return [style('green', '✔ this run has no secrets')];
  if (clean) return [style('green', `✔ nothing found: no trace of ${count(sought.length, 'secret')}`)];
  const left = [
    ...(missing.length === 0 ? [] : [`${count(missing.length, 'secret')} could not be looked for`]),
    ...(unread.length === 0 ? [] : [`${count(unread.length, 'file')} could not be looked into`]),
  ];
  const inputs = missing.flatMap(({name}) => /^inputs\.(\w+)$/.exec(name)?.[1] ?? []);
  const variables = inputs.map(inputVariable).join(', ');
  const next = inputs.length === 0 ? [] : [`give them on a terminal, or by ${variables}: runbook audit ${run}`];
  return [
    style('yellow', `! nothing found, but ${left.join(', and ')}`),
    ...(next.length === 0 ? [] : nextSteps(next, how)),
  ];
};
