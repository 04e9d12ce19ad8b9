/** A part of a recorded page: what stands before the first step, or one step. */
export interface Section {
  /** Empty before the first step. */
  readonly title: string;
  /** Line of the page where it begins; starts at 1. */
  readonly line: number;
  /** Prose, commands, checks: all but what was printed and seen. */
  readonly text: readonly string[];
  readonly outputs: readonly Output[];
  /** Names that were chosen in that run: `leader.follower` -> `web2`. */
  readonly values: Readonly<Record<string, string>>;
}

export interface Output {
  /** The item of a `foreach` that printed it, where there are several. */
  readonly item: string;
  readonly text: string;
  /** Those of this item. */
  readonly values: Readonly<Record<string, string>>;
}

const HEADING = /^## \d+\. (.*)$/;
const FENCE = /^(`{3,})(\w*)$/;
const VALUES = /^<!-- values (\{.*\}) -->$/;
const PRINTS = /^(?:It prints:|<details><summary>It prints \d+ lines<\/summary>)$/;
const ITEM = /^\*\*(.+)\*\*$/;
/** Said of this recording, or by GitHub's rules: nothing that the runbook says. */
const ASIDE = /^(?:<!-- .* -->|<\/details>| {2}- seen: .*)$/;

interface Open {
  title: string;
  line: number;
  text: string[];
  outputs: Output[];
  values: Readonly<Record<string, string>>;
}

/** Takes a recorded page apart. What stands under its last rule is of the recording, not of the runbook. */
export const sectionsOf = (markdown: string): readonly Section[] => {
  const lines = markdown.split('\n');
  const end = lines.lastIndexOf('---');
  const sections: Open[] = [{title: '', line: 1, text: [], outputs: [], values: {}}];
  let item = '';
  let values: Readonly<Record<string, string>> = {};
  let prints = false;
  for (let at = 0; at < (end < 0 ? lines.length : end); at++) {
    const line = lines[at] ?? '';
    const section = sections.at(-1) as Open;
    const title = HEADING.exec(line)?.[1];
    const [, fence, language] = FENCE.exec(line) ?? [];
    if (title !== undefined) {
      sections.push({title, line: at + 1, text: [], outputs: [], values: {}});
      [item, values, prints] = ['', {}, false];
    } else if (fence !== undefined) {
      const close = lines.indexOf(fence, at + 1);
      const block = lines.slice(at + 1, close < 0 ? undefined : close);
      if (prints) section.outputs.push({item, values, text: block.join('\n')});
      else section.text.push(`${fence}${language}`, ...block, fence);
      if (prints) [values, prints] = [{}, false];
      at = close < 0 ? lines.length : close;
    } else if (VALUES.test(line)) {
      values = JSON.parse(VALUES.exec(line)?.[1] ?? '{}') as Record<string, string>;
      section.values = {...section.values, ...values};
    } else if (PRINTS.test(line)) prints = true;
    else if (!ASIDE.test(line) && line.trim() !== '') {
      item = ITEM.exec(line)?.[1] ?? item;
      section.text.push(line);
    }
  }
  return sections;
};
