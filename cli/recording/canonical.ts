import {KINDS, PLACEHOLDERS} from './kinds.ts';
import {partsOf} from './tables.ts';

/** What of a page's text is compared, line by line. */
export type Canonical = readonly string[];

/** What each release of a tool, and each machine, has otherwise. */
const OF_THE_MACHINE: readonly (readonly [RegExp, string])[] = [
  [
    /^( *)(CPUs|Images|Containers|Total Memory|Name|Operating System|OSType|Architecture|Kernel Version|Storage Driver|Release-Date|Protocols|Features): .*$/gm,
    '$1$2: <of the machine>',
  ],
  // the number of a process, and that of a task among those of its service
  [/^ *\d+(?= root )/gm, '<pid>'],
  [/^((?:\\_ )?[\w-]+)\.\d+$/gm, '$1.<n>'],
  [/\b\d{4}-\d\d-\d\d\b/g, '<date>'],
  [/(?<![\w.])\d{1,3}:\d\d(?::\d\d)?(?:\.\d+)?(?![\w:.])/g, '<time>'],
  [/(?<![\w.])(?!(?:\d{1,3}\.){3}\d{1,3}(?![\w.]))v?\d+(?:\.\d+)+(?:[-+~][\w.+~-]*\w)?/g, '<version>'],
];

/** Counters of a consensus: how often something was written, or voted. */
const COUNTED = /(?:Index|Term|Contact|Since)$/;

const ofKind = (text: string): string => {
  const kinds = PLACEHOLDERS.reduce((all, [pattern, word]) => all.replace(pattern, word), text);
  const plain = KINDS.filter(({name}) => ['age', 'up', 'size', 'duration'].includes(name)).reduce(
    (all, kind) => all.replace(kind.pattern, (found) => kind.shown(1, found)),
    kinds,
  );
  return OF_THE_MACHINE.reduce((all, [pattern, word]) => all.replace(pattern, word), plain);
};

const spaced = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Names that a run has chosen stand as what they were chosen for. */
export const withoutChoices = (text: string, values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .filter(([, value]) => /^[^\n]{3,}$/.test(value) && !/^(?:true|false|\d+)$/.test(value))
    .reduce((all, [name, value]) => all.replace(wordOf(value), `<${name}>`), text);

const wordOf = (value: string): RegExp =>
  new RegExp(`(?<![\\w.:-])${value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-]|[.:]\\w)`, 'g');

/** A line of prose, of a command, of a check. */
export const canonicalText = (text: string): string =>
  PLACEHOLDERS.reduce((all, [pattern, word]) => all.replace(pattern, word), text);

/**
 * What was printed. Of a table each column is compared, of a list in JSON each field, in any order: which of several is the
 * leader, and in which order they are listed, may be otherwise in each run; how many there are may not.
 */
export const canonicalOutput = (text: string, values: Readonly<Record<string, string>> = {}): Canonical => {
  const ofRun = (piece: string): string => spaced(ofKind(withoutChoices(piece, values)));
  const json = parsed(text);
  if (json !== undefined) return fieldsOf(json, (piece) => ofKind(withoutChoices(piece, values))).sort();
  return partsOf(text).flatMap((part) =>
    part.kind === 'lines'
      ? part.lines.map(ofRun)
      : part.head.flatMap((word, column) => part.rows.map((cells) => `${word}: ${ofRun(cells[column] ?? '')}`).sort()),
  );
};

const parsed = (text: string): unknown => {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const fieldsOf = (value: unknown, told: (text: string) => string, path = ''): string[] => {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, told, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [`${path} = ${leaf(value, told, path)}`];
  return Object.entries(value).flatMap(([name, inner]) =>
    fieldsOf(inner, told, path === '' ? name : `${path}.${name}`),
  );
};

const leaf = (value: unknown, told: (text: string) => string, path: string): string => {
  if (COUNTED.test(path) && value !== null) return '<counter>';
  return typeof value === 'string' ? told(value) : JSON.stringify(value);
};

const ADMITTED = /\bin \[("[^"\]]*"(?:, "[^"\]]*")+)\]/g;

/** Words that a check takes for the same: `result.status in ["failed", "left"]`. */
export const admittedBy = (checks: readonly string[]): readonly (readonly string[])[] =>
  checks.flatMap((check) =>
    [...check.matchAll(ADMITTED)].map(([, words = '']) => JSON.parse(`[${words}]`) as string[]),
  );

/** A cell or a field that is one of several admitted words stands as all of them. */
export const asAdmitted = (lines: Canonical, admitted: readonly (readonly string[])[]): Canonical => {
  if (admitted.length === 0) return lines;
  const word = (line: string): string => /(?:: | = )(.*)$/.exec(line)?.[1] ?? line;
  return lines
    .map((line) => {
      const words = admitted.find((some) => some.includes(word(line)));
      return words === undefined ? line : line.slice(0, -word(line).length) + words.join(' or ');
    })
    .sort();
};

const UNTOLD = / = (?:null|)$/;

/** A field that nobody has filled in yet, in either of the two, is not compared. */
export const withoutUntold = (a: Canonical, b: Canonical): readonly [Canonical, Canonical] => {
  const untold = [...a, ...b].filter((line) => UNTOLD.test(line)).map((line) => line.replace(UNTOLD, ''));
  if (untold.length === 0) return [a, b];
  const isTold = (line: string): boolean =>
    !untold.some((path) => line.startsWith(`${path} =`) || line.startsWith(`${path}.`) || line.startsWith(`${path}[`));
  return [a.filter(isTold), b.filter(isTold)];
};
