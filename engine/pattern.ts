/** What is wrong with a regular expression: it does not parse, or it could take forever. */
export const patternProblem = (pattern: string): string | undefined => {
  try {
    new RegExp(pattern, 'u');
  } catch {
    try {
      new RegExp(pattern);
    } catch {
      return 'is not a regular expression';
    }
  }
  return repeatsRepeated(pattern)
    ? 'repeats what is repeated already, as (a+)+ does; on some texts that would take forever'
    : undefined;
};

const UNBOUNDED = /[*+]|\{\d+,\d*\}/y;

// Finds a repeated group that holds a repetition or alternatives that can match the same start.
const repeatsRepeated = (pattern: string): boolean => {
  const groups: {repeats: boolean}[] = [{repeats: false}];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === '\\') at++;
    else if (char === '[') at = endOfClass(pattern, at);
    else if (char === '(') groups.push({repeats: false});
    else if (char === ')') {
      const inner = groups.length > 1 ? groups.pop() : undefined;
      const outer = groups.at(-1);
      if (isRepeated(pattern, at + 1) && inner?.repeats) return true;
      if (outer !== undefined && inner?.repeats) outer.repeats = true;
    }
    const last = groups.at(-1);
    if (last !== undefined && isRepeated(pattern, at + 1)) last.repeats = true;
  }
  return false;
};

const isRepeated = (pattern: string, at: number): boolean => {
  UNBOUNDED.lastIndex = at;
  return UNBOUNDED.test(pattern);
};

const endOfClass = (pattern: string, start: number): number => {
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === ']') return at;
  }
  return pattern.length;
};
