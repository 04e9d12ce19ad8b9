import {closest, distance} from 'fastest-levenshtein';

/** Among more names than these, looking for one that is alike takes long and helps nobody. */
const MOST_NAMES = 1000;

/** The known name that was most likely meant; undefined when none is near. */
export const nearest = (name: string, known: Iterable<string>): string | undefined => {
  const names = [...known].filter((candidate) => candidate !== name);
  if (names.length === 0 || names.length > MOST_NAMES || name.length > 200) return undefined;
  const folded = name.toLowerCase();
  const same = names.find((candidate) => candidate.toLowerCase() === folded);
  if (same !== undefined) return same;
  const swapped = names.find((candidate) => lettersOf(candidate) === lettersOf(folded));
  if (swapped !== undefined) return swapped;
  const best = closest(name, names);
  return isNear(name, best) ? best : undefined;
};

const lettersOf = (name: string): string => [...name.toLowerCase()].sort().join('');

const isNear = (name: string, best: string): boolean => {
  const mistakes = distance(name, best);
  const length = Math.max(name.length, best.length);
  return mistakes <= Math.max(1, Math.floor(length / 3)) || (mistakes === 2 && length >= 4 && name[0] === best[0]);
};

/** The `expected` and `next` parts of an error about an unknown name. */
export const suggest = (name: string, known: Iterable<string>): {expected?: string; next?: readonly string[]} => {
  const names = [...known];
  const best = nearest(name, names);
  return {
    ...(names.length === 0 ? {} : {expected: listed(names)}),
    ...(best === undefined ? {} : {next: [`did you mean "${best}"?`]}),
  };
};

/** A list for people, cut when it is long. */
export const listed = (names: readonly string[]): string =>
  names.length <= 24 ? names.join(', ') : `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`;
