import {diffArrays} from 'diff';
import {
  admittedBy,
  asAdmitted,
  type Canonical,
  canonicalOutput,
  canonicalText,
  withoutChoices,
  withoutUntold,
} from './canonical.ts';
import {type Output, type Section, sectionsOf} from './sections.ts';

/** Where reality is not as a page says. */
export interface Difference {
  /** In words: what is otherwise. */
  readonly what: string;
  /** Line of the page; starts at 1. */
  readonly line: number;
  /** `- as recorded`, `+ as it is now`, and some lines around. */
  readonly diff: readonly string[];
}

/** Holds a page against one that was made anew. */
export const differencesOf = (recorded: string, anew: string): readonly Difference[] => {
  const [before, now] = [sectionsOf(recorded), sectionsOf(anew)];
  const titles = [before, now].map((sections) => sections.map(({title}) => title)) as [string[], string[]];
  if (titles[0].join('\n') !== titles[1].join('\n'))
    return [{what: 'the runbook has other steps', line: 1, diff: lineDiff(titles[0], titles[1])}];
  return before.flatMap((section, index) => inSection(section, now[index] as Section));
};

const inSection = (before: Section, now: Section): Difference[] => {
  const {line, title} = before;
  const name = title === '' ? 'the introduction' : `"${title}"`;
  const differences: Difference[] = [];
  const add = (what: string, diff: readonly string[]): void => {
    if (diff.length > 0) differences.push({what, line, diff});
  };
  add(`${name} reads otherwise`, textDiff(before, now));
  const outputs = Math.max(before.outputs.length, now.outputs.length);
  for (let index = 0; index < outputs; index++) {
    const [a, b] = [before.outputs[index], now.outputs[index]];
    const item = a?.item ?? b?.item ?? '';
    const which = item === '' ? name : `${name} (${item})`;
    add(`${which} prints something else`, outputDiff(a, b, admittedBy(before.text)));
  }
  return differences;
};

/** A line that is the same as it stands, or with what was chosen in each run taken out, is the same. */
const textDiff = (before: Section, now: Section): string[] => {
  const [a, b] = [before, now].map(({text}) => text.map(canonicalText)) as [string[], string[]];
  if (a.length !== b.length) return lineDiff(a, b);
  const chosen = [before, now].map(({text, values}) => text.map((line) => canonicalText(withoutChoices(line, values))));
  return lineDiff(
    a,
    b.map((line, at) => (chosen[0]?.[at] === chosen[1]?.[at] ? (a[at] ?? line) : line)),
  );
};

const NOTHING: Output = {item: '', text: '', values: {}};

/**
 * Names that each run chose count as the same: as they stand, where only the places of several are exchanged, or else where
 * one was chosen in the place of another.
 */
const outputDiff = (
  before: Output = NOTHING,
  now: Output = NOTHING,
  admitted: readonly (readonly string[])[] = [],
): string[] => {
  const asTheyStand = diffOf(canonicalOutput(before.text), canonicalOutput(now.text));
  const same = (values: (output: Output) => Readonly<Record<string, string>>): boolean => {
    const [a, b] = [before, now].map((output) => asAdmitted(canonicalOutput(output.text, values(output)), admitted));
    return diffOf(a ?? [], b ?? []).length === 0;
  };
  return same(() => ({})) || same(({values}) => values) ? [] : asTheyStand;
};

const diffOf = (before: Canonical, now: Canonical): string[] => lineDiff(...withoutUntold(before, now));

const CONTEXT = 2;

/** Empty where nothing is otherwise. */
const lineDiff = (before: readonly string[], now: readonly string[]): string[] => {
  const parts = diffArrays([...before], [...now]);
  if (parts.every(({added, removed}) => !added && !removed)) return [];
  return parts.flatMap(({value, added, removed}, index) => {
    if (added) return value.map((line) => `+ ${line}`);
    if (removed) return value.map((line) => `- ${line}`);
    return around(value, index > 0, index < parts.length - 1).map((line) => `  ${line}`);
  });
};

/** Of lines that are the same, those beside a difference. */
const around = (lines: readonly string[], before: boolean, after: boolean): readonly string[] => {
  if (before && after && lines.length <= 2 * CONTEXT) return lines;
  return [
    ...(before ? lines.slice(0, CONTEXT) : []),
    ...(before && after ? ['...'] : []),
    ...(after ? lines.slice(-CONTEXT) : []),
  ];
};
