import type {CleanPlan, Judged, Maker, Removal, UndoStep, Why} from '../engine/index.ts';
import type {Call} from './command.ts';
import {inOneLine} from './command-line.ts';
import {ownedLines, runbookText, standingText} from './owned-table.ts';
import {asCalled} from './report.ts';
import {cut, padded, widthOf} from './width.ts';

/** What would be done: what goes, what only goes when it is asked for, what stays and why. */
export const planLines = ({judged, undo}: CleanPlan, call: Call, missing: boolean): string[] => {
  const {outStyle: style} = call;
  const going = judged.filter(({fate}) => fate === 'goes' || (missing && fate === 'apart'));
  const apart = missing ? [] : judged.filter(({fate}) => fate === 'apart');
  const named = new Set(going.map(({thing}) => thing.step));
  const parts = [
    section(style('bold', 'will be taken away'), thingLines(going, call)),
    section(
      style('bold', 'will be taken back, as the journal says'),
      undoLines(
        undo.filter(({action, step}) => action === 'undo' && !named.has(step)),
        call,
      ),
    ),
    section(
      style(['bold', 'yellow'], "can't be taken back"),
      undoLines(
        undo.filter(({action, step}) => action === 'irreversible' && !named.has(step)),
        call,
      ),
    ),
    section(
      style(['bold', 'yellow'], 'not known here, maybe of other people: only with --missing'),
      thingLines(apart, call),
    ),
    section(style('bold', 'stays'), stayLines(judged, call)),
  ].filter((lines) => lines.length > 0);
  return parts.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
};

const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [title, ...lines]);

const thingLines = (judged: readonly Judged[], call: Call): string[] => {
  const {outStyle: style} = call;
  const makers = new Map(judged.map(({maker}) => [maker.run, maker]));
  return ownedLines(
    judged.map(({thing}) => thing),
    makers,
    call,
    ({data}) => (data === undefined ? '' : style('yellow', `with ${data}`)),
  );
};

const undoLines = (steps: readonly UndoStep[], {outStyle: style, columns}: Call): string[] => {
  const keys = Math.max(0, ...steps.map(({step}) => widthOf(step)));
  return steps.map(({step, title, command}) => {
    const shown = command === '' ? title : `$ ${inOneLine(command)}`;
    return `  ${padded(step, keys)}  ${style('dim', cut(shown, Math.max(20, columns - keys - 5)))}`;
  });
};

interface Reason {
  readonly text: string;
  /** What takes it away all the same. */
  readonly line?: string;
}

const REASONS: Readonly<Partial<Record<Why, (by: string, maker: Maker) => Reason>>> = {
  running: (_, maker) => ({text: standingText(maker, new Date())}),
  damaged: (_, maker) => ({text: standingText(maker, new Date())}),
  finished: (_, maker) => ({text: standingText(maker, new Date()), line: `runbook clean ${maker.run}`}),
  busy: (by, maker) => ({text: `run ${by} of ${runbookText(maker)} is going on`}),
  needed: (by) => ({text: `run ${by} needs it`, line: `runbook clean ${by}`}),
  elsewhere: (by, maker) => ({
    text: standingText(maker, new Date()),
    line: `runbook clean ${maker.run} --state-dir ${by}`,
  }),
  hosts: (by) => ({text: `on it is something of run ${by}`}),
};

/** One entry for all that stays for the same reason, with the line that takes it away all the same. */
const stayLines = (judged: readonly Judged[], {around: {program}, outStyle: style}: Call): string[] => {
  const groups = new Map<string, Judged[]>();
  for (const one of judged.filter(({fate}) => fate === 'stays')) {
    const key = `${one.maker.run} ${one.why} ${one.by ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((group) => {
    const [{maker, why, by = ''}] = group as [Judged, ...Judged[]];
    const {text, line} = REASONS[why]?.(by, maker) ?? {text: why};
    return [
      `  ${countText(group)} of ${runbookText(maker)}, run ${maker.run}: ${text}`,
      ...(line === undefined ? [] : [`    ${style('dim', asCalled(line, program))}`]),
    ];
  });
};

const countText = (group: readonly Judged[]): string => {
  const [first] = group;
  return group.length === 1 && first !== undefined
    ? `${first.thing.kind} ${first.thing.name}`
    : `${group.length} things`;
};

/** One thing that is gone, or is not, as it happens. */
export const removalLine = (
  {thing: {kind, name, where}, problem}: Removal,
  kinds: number,
  {errStyle: style}: Call,
): string => {
  const mark = problem === undefined ? style('green', '✔') : style('red', '✖');
  const place = where === undefined ? '' : style('dim', `  on ${where}`);
  return `  ${mark} ${padded(kind, kinds)}  ${name}${place}${problem === undefined ? '' : `  ${style('red', 'not removed')}`}`;
};
