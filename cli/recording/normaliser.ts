import {IN_COMMANDS, KINDS, type Kind} from './kinds.ts';
import {partsOf, type Table, tableText} from './tables.ts';

/** What does not change from run to run, and what may stand on a page as it is. */
export interface Known {
  /** Texts of the runbook: a value that is written there stays. */
  readonly written: readonly string[];
  /** Folders of the recording and names of its machine, and what stands for each. */
  readonly ofHere: readonly (readonly [text: string, shown: string])[];
}

/** Lines in which a tool speaks of how the recording is made, and of nothing else. */
const ASIDES = [
  /^Warning: DOCKER_HOST environment variable overrides the active context/,
  /^--privileged (is|would be) refused here\b/,
];

/** What a terminal would overwrite: of each layer its last state is left. */
const PULLING =
  /^([0-9a-f]{12}): (?:Pulling fs layer|Waiting|Downloading|Verifying Checksum|Download complete|Extracting|Pull complete|Already exists|Preparing|Pushing|Pushed|Layer already exists)\b/;

/** Puts stable names in the place of what is another in each run; the same value has the same name on the whole page. */
export class Normaliser {
  readonly #known: Known;
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  constructor(known: Known) {
    this.#known = known;
  }

  /** A command line. */
  command(text: string): string {
    return this.#replaced(
      this.#elsewhere(text),
      KINDS.filter(({name}) => IN_COMMANDS.has(name)),
    );
  }

  /** What a step has printed. */
  output(text: string): string {
    const clean = overwritten(this.#elsewhere(text)).trimEnd();
    const json = unfolded(clean);
    if (json !== undefined) return this.#replaced(json, KINDS);
    return partsOf(clean)
      .map((part) =>
        part.kind === 'table' ? tableText(this.#table(part)) : this.#replaced(part.lines.join('\n'), KINDS),
      )
      .join('\n');
  }

  /** A line of what a check has seen. */
  line(text: string): string {
    return this.#replaced(this.#elsewhere(text), KINDS);
  }

  #elsewhere(text: string): string {
    return this.#known.ofHere.reduce((all, [here, shown]) => all.replaceAll(here, shown), text);
  }

  #table({head, rows}: Table): Table {
    const ids = idsIn(head);
    const cell = (text: string, column: number): string => {
      const [, id = '', mark = ''] = /^([0-9a-z]{10,})( \*)?$/.exec(text) ?? [];
      const isId = column === ids?.column && id !== '';
      return isId
        ? this.#named(ids.kind, id.slice(0, 12), (n) => `<${ids.kind}-${n}>`) + mark
        : this.#replaced(text, KINDS);
    };
    return {head, rows: rows.map((cells) => cells.map(cell))};
  }

  #replaced(text: string, kinds: readonly Kind[]): string {
    return kinds.reduce(
      (all, kind) =>
        all.replace(kind.pattern, (found: string) => {
          if (kind.is?.(found) === false || this.#isWritten(found)) return found;
          return this.#named(kind.name, kind.key?.(found) ?? found, (number) => kind.shown(number, found));
        }),
      text,
    );
  }

  /** An id has one name, be it found in a table or elsewhere. */
  #named(kind: string, key: string, shown: (number: number) => string): string {
    const isShared = !KINDS.some(({name}) => name === kind) || kind === 'id';
    const whole = isShared ? `id ${key}` : `${kind} ${key}`;
    const known = this.#names.get(whole);
    // the same address is written in several ways
    if (known !== undefined) return isShared ? known : shown(Number(known));
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    this.#names.set(whole, isShared ? shown(number) : String(number));
    return shown(number);
  }

  /** As a whole word: `1s` is no part of `11s`. */
  #isWritten(value: string): boolean {
    const escaped = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const word = new RegExp(`(?<![\\w.])${escaped}(?![\\w.]*\\w)`);
    return this.#known.written.some((text) => text.includes(value) && word.test(text));
  }
}

/** What the ids in a table are those of. */
const idsIn = (head: readonly string[]): {readonly column: number; readonly kind: string} | undefined => {
  const column = head.findIndex((word) => /(?:^| )ID$/.test(word));
  if (column < 0) return undefined;
  const kind = head.includes('HOSTNAME')
    ? 'node'
    : head.includes('DESIRED STATE')
      ? 'task'
      : (/^(\w+) ID$/.exec(head[column] ?? '')?.[1] ?? 'id').toLowerCase();
  return {column, kind};
};

const ANSI = /\x1b\[[0-9;?]*[A-Za-z]/g;

/** As a terminal would have left it. */
const overwritten = (text: string): string => {
  const lines = text
    .replace(ANSI, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, '').replace(/^.*\r/, ''))
    .filter((line) => !ASIDES.some((aside) => aside.test(line)));
  const last = new Map<string, number>();
  for (const [at, line] of lines.entries()) {
    const layer = PULLING.exec(line)?.[1];
    if (layer !== undefined) last.set(layer, at);
  }
  return lines
    .filter((line, at) => {
      const layer = PULLING.exec(line)?.[1];
      return layer === undefined || last.get(layer) === at;
    })
    .join('\n');
};

/** JSON in one line is laid out for reading. */
const unfolded = (text: string): string | undefined => {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    const json = JSON.stringify(JSON.parse(text), null, 2);
    return json.length > 60 ? json : undefined;
  } catch {
    return undefined;
  }
};
