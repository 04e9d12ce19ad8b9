/** What a program's flags mean: which take a value, which don't. Several names of one flag are joined by `|`. */
export interface FlagTable {
  readonly values?: readonly string[];
  readonly switches?: readonly string[];
}

export interface Flags {
  readonly rest: readonly string[];
  /** The first flag that the table does not have. */
  readonly unknown?: string;
  all(name: string): readonly string[];
  last(name: string): string | undefined;
  has(name: string): boolean;
}

/** Reads the flags of a command line; with `stop` only those before the first word that is none. */
export const readFlags = (words: readonly string[], table: FlagTable, stop = false): Flags => {
  const names = (list: readonly string[] = []): Map<string, string> =>
    new Map(list.flatMap((one) => one.split('|').map((name) => [name, one.split('|').at(-1) ?? ''] as const)));
  const values = names(table.values);
  const switches = names(table.switches);
  const found = new Map<string, string[]>();
  const rest: string[] = [];
  let unknown: string | undefined;
  const add = (name: string, value: string): void => void found.set(name, [...(found.get(name) ?? []), value]);
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--' || (stop && rest.length > 0)) {
      rest.push(...(word === '--' ? [] : [word]), ...queue.splice(0));
      break;
    }
    const [, name = word, value] = /^(--[^=]+)=([\s\S]*)$/.exec(word) ?? [];
    if (!word.startsWith('-') || word === '-') rest.push(word);
    else if (values.has(name)) add(values.get(name) ?? '', value ?? queue.shift() ?? '');
    else if (switches.has(name)) add(switches.get(name) ?? '', value ?? 'true');
    else if (!word.startsWith('--') && word.length > 2) {
      const short = word.slice(0, 2);
      if (values.has(short)) queue.unshift(short, word.slice(2).replace(/^=/, ''));
      else if (switches.has(short)) queue.unshift(short, `-${word.slice(2)}`);
      else unknown ??= short;
    } else unknown ??= name;
  }
  return {
    rest,
    ...(unknown === undefined ? {} : {unknown}),
    all: (name) => found.get(name) ?? [],
    last: (name) => found.get(name)?.at(-1),
    has: (name) => found.has(name) && found.get(name)?.at(-1) !== 'false',
  };
};
