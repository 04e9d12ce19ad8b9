/** The first thing in a text that looks like a version. */
export const versionOf = (text: string): string | undefined => /\d+\.\d+(\.\d+)?/.exec(text)?.[0];

/** Whether a version is at least another: number by number. */
export const isAtLeast = (version: string, minimum: string): boolean => {
  const [have, need] = [version, minimum].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)));
  for (const [place, wanted] of (need ?? []).entries()) {
    const found = have?.[place] ?? 0;
    if (found !== wanted) return found > wanted;
  }
  return true;
};
