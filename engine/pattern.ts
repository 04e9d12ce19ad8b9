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

// Finds a repeated group that holds a repetition.
const repeatsRepeated = (pattern: string): boolean => {
  const groups: {start: number; repeats: boolean}[] = [{start: 0, repeats: false}];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === '\\') at++;
    else if (char === '[') at = endOfClass(pattern, at);
    else if (char === '(') groups.push({start: at + 1, repeats: false});
    else if (char === ')') {
      const inner = groups.length > 1 ? groups.pop() : undefined;
      const outer = groups.at(-1);
      const text = pattern.slice(inner?.start ?? 0, at);
      if (isRepeated(pattern, at + 1) && inner?.repeats && !isSeparated(text)) return true;
      if (outer !== undefined && inner?.repeats) outer.repeats = true;
    }
    const last = groups.at(-1);
    if (last !== undefined && isRepeated(pattern, at + 1)) last.repeats = true;
  }
  return false;
};

// `(\w+\.)+` and `(-[a-z]+)*` are harmless: only one way leads through a text whose separators are none of the rest.
const isSeparated = (group: string): boolean => {
  const {before, after, atom} = SEPARATED.exec(group)?.groups ?? {};
  const separator = (before ?? after)?.replace('\\', '');
  return atom !== undefined && separator !== undefined && !new RegExp(`^${atom}$`).test(separator);
};

const SEPARATED =
  /^(?:\?:)?(?<before>\\\.|[-,:;/@_])?(?<atom>\\[wd]|\[(?:\\[wd]|[\w-])+\])(?:[+*]|\{\d+,\d*\})(?<after>\\\.|[-,:;/@_])?$/;

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
