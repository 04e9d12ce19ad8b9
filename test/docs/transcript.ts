/** What a page shows of a program's output, against what it prints: what differs from run to run is the same in both. */

const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\b\d{8}-\d{6}-\w{4,5}\b/g, 'RUN'],
  [/\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+Z)?/g, 'DATE'],
  [/\b\d\d:\d\d:\d\d\b/g, 'CLOCK'],
  [/\b\d+(?:\.\d+)? (?:ms|s|min|h)\b/g, 'TIME'],
  [/\b\d+ (?:seconds?|minutes?|hours?) ago\b/g, 'AGO'],
  [/(\bprocess|\bpid|-INT) \d+/g, '$1 N'],
  [/\bon \S+ since\b/g, 'on HOST since'],
  [/\b\d+(?:\.\d+)? [kM]?B\b/g, 'SIZE'],
  [/\b[0-9a-f]{12,64}\b/g, 'HASH'],
  [/\bnpx runbook\b/g, 'runbook'],
  [/\s+/g, ' '],
];

const stable = (line: string): string =>
  VOLATILE.reduce((text, [pattern, word]) => text.replace(pattern, word), line).trim();

const isLeftOut = (line: string): boolean => /^\s*(?:…|\.\.\.)$/.test(line);

const ANYTHING = /(?:…|(?<= )\.\.\.)/;

const fits = (shown: string, printed: string): boolean => {
  const parts = stable(shown).split(ANYTHING);
  const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*');
  return new RegExp(`^${pattern}$`).test(stable(printed));
};

/** The first shown line that is not printed in its place; undefined when all are. `...` alone stands for any lines. */
export const differenceOf = (shown: readonly string[], printed: readonly string[]): string | undefined => {
  const wanted = shown.filter((line) => line.trim() !== '');
  const found = printed.filter((line) => line.trim() !== '');
  let at = 0;
  let mayJump = false;
  for (const line of wanted) {
    if (isLeftOut(line)) {
      mayJump = true;
      continue;
    }
    const next = mayJump ? found.findIndex((one, index) => index >= at && fits(line, one)) : at;
    if (next < 0 || !fits(line, found[next] ?? ''))
      return `shown:   ${line}\nprinted: ${found[at] ?? '(nothing more)'}`;
    at = next + 1;
    mayJump = false;
  }
  return at === found.length || mayJump ? undefined : `shown:   (nothing more)\nprinted: ${found[at]}`;
};
