import type {Found, Maker, Unseen} from '../engine/index.ts';
import {type Column, columnLines} from './columns.ts';
import type {Call} from './command.ts';
import type {Format, Style} from './streams.ts';
import {ago} from './time.ts';
import {cut, sizeText, wrapped} from './width.ts';

const FORMATS: Readonly<Record<Maker['standing'], Format>> = {
  running: 'cyan',
  done: 'green',
  failed: 'red',
  interrupted: 'yellow',
  unfinished: 'yellow',
  superseded: 'yellow',
  undone: 'yellow',
  missing: 'yellow',
  unknown: 'yellow',
  damaged: 'red',
};

/** How the run stands that has made something, in words. */
export const standingText = ({standing, holder, since, supersededBy}: Maker, now: Date): string => {
  const past = since === undefined ? '' : `, ${ago(now.getTime() - Date.parse(since))}`;
  const words: Readonly<Record<Maker['standing'], string>> = {
    running: `running in process ${holder?.pid ?? '?'}${holder?.host === undefined ? '' : ` on ${holder.host}`}`,
    done: `done${past}`,
    failed: `failed${past}`,
    interrupted: `interrupted${past}`,
    unfinished: `unfinished${past}`,
    superseded: `superseded by ${supersededBy ?? 'another run'}`,
    undone: `undone${past}`,
    missing: 'its journal is gone',
    unknown: 'not known here',
    damaged: 'its journal can’t be read',
  };
  return words[standing];
};

/** Where the journal is, when that is not in this state directory. */
export const placeText = ({standing, place}: Maker): string => {
  if (place === undefined) return '';
  return standing === 'unknown' ? `its journal was in ${place}` : `its journal is in ${place}`;
};

/** What is only known by a process of its own does not say which runbook it was. */
export const runbookText = ({runbook}: Maker): string => (runbook === '?' ? 'a runbook' : runbook);

/** The run that some things belong to, above them: a line, or two where one is too long. */
const heading = (maker: Maker, style: Style, now: Date, room: number): string[] => {
  const [name, run, standing, place] = [
    runbookText(maker),
    `run ${maker.run}`,
    standingText(maker, now),
    placeText(maker),
  ] as const;
  const line = [style('bold', name), style('dim', run), style(FORMATS[maker.standing], standing)].join('  ');
  if (place === '') return [line];
  const isOne = [name, run, standing, place].join('  ').length <= room;
  return isOne ? [`${line}  ${style('dim', place)}`] : [line, `  ${style('dim', place)}`];
};

const LONGEST_NAME = 44;

/** A remark at the end of a thing's line. */
export type Remark = (thing: Found) => string;

const columnsOf = (things: readonly Found[], style: Style, now: Date, remark: Remark): Column[] => {
  const column = (title: string, cell: (thing: Found) => string, more: Partial<Column> = {}): Column => ({
    title,
    cells: things.map(cell),
    ...more,
  });
  const age = ({createdAt}: Found): string =>
    createdAt ? ago(now.getTime() - Date.parse(createdAt)).replace(' ago', '') : '';
  const all = [
    column('  KIND', ({kind}) => `  ${kind}`),
    column('NAME', ({name}) => cut(name, LONGEST_NAME)),
    column('STATE', ({state}) => state, {dispensable: 3}),
    column('SIZE', ({size}) => (size === undefined ? '' : sizeText(size)), {align: 'right', dispensable: 4}),
    column('STEP', ({step}) => style('dim', cut(step, 28)), {dispensable: 2}),
    column('AGE', age, {align: 'right', dispensable: 1}),
    column('ON', ({where = ''}) => where),
    column('', remark),
  ];
  return all.filter(({title, cells}) => !['SIZE', 'ON', ''].includes(title) || cells.some((cell) => cell !== ''));
};

/** Things as a table, those of each run under a line that says how the run stands. */
export const ownedLines = (
  things: readonly Found[],
  makers: ReadonlyMap<string, Maker>,
  {around: {stdout}, outStyle: style, columns}: Call,
  remark: Remark = () => '',
): string[] => {
  const now = new Date();
  const runs = inOrder([...new Set(things.map(({run}) => run))], makers);
  const sorted = runs.flatMap((run) => things.filter((one) => one.run === run));
  const room = stdout.isTTY === true ? columns - 1 : Number.POSITIVE_INFINITY;
  const [titles = '', ...rows] = columnLines(columnsOf(sorted, style, now, remark), room, (title) =>
    style('dim', title),
  );
  const groups = runs.flatMap((run, index) => {
    const maker = makers.get(run);
    const own = rows.filter((_, row) => sorted[row]?.run === run);
    return [...(index === 0 ? [] : ['']), ...(maker === undefined ? [] : heading(maker, style, now, room)), ...own];
  });
  return sorted.length === 0 ? [] : [titles, ...groups];
};

/** Newest first; those that are known here before others. */
const inOrder = (runs: readonly string[], makers: ReadonlyMap<string, Maker>): string[] => {
  const isStrange = (run: string): boolean => {
    const maker = makers.get(run);
    return maker?.standing === 'unknown' || maker?.place !== undefined;
  };
  const sorted = [...runs].sort().reverse();
  return [...sorted.filter((run) => !isStrange(run)), ...sorted.filter(isStrange)];
};

/** Where nothing could be seen: a machine that is off is named, and not waited for. */
export const unseenLines = (unseen: readonly Unseen[], {errStyle: style, columns}: Call): string[] =>
  unseen.flatMap(({where, kinds, wholly, message}) => {
    const what = wholly ? '' : `for ${kinds.join('s, ')}s `;
    const place = where === undefined ? 'your Docker' : `machine "${where}"`;
    const [first = '', ...more] = wrapped(`${place} was not looked at ${what}(${message})`, Math.max(40, columns - 4));
    return [`${style('yellow', '!')} ${first}`, ...more.map((line) => `  ${line}`)];
  });

/** A thing as a program may want it. */
export const ownedJson = ({labels: _, run: _run, runbook: _runbook, place: _place, where, ...thing}: Found) => ({
  ...thing,
  on: where ?? null,
});
