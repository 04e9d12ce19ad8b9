import {styleText} from 'node:util';

/** Where text goes: a terminal, a pipe, a file, or a test's array. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** Bytes that nobody has taken yet. */
  readonly writableLength?: number;
  /** Node's streams hold back what is written between the two; the number says how often that was asked for. */
  cork?(): void;
  uncork?(): void;
  readonly writableCorked?: number;
}

export type Format = Parameters<typeof styleText>[0];

/** Colours a text, or leaves it alone where colours are not wanted. */
export type Style = (format: Format, text: string) => string;

export const plain: Style = (_format, text) => text;

export const coloured: Style = (format, text) => styleText(format, text, {validateStream: false});

/** Colours on a terminal, unless the person said no: `--no-color`, `NO_COLOR`, `TERM=dumb`; `FORCE_COLOR` means yes. */
export const styleFor = (stream: Output, env: Readonly<Record<string, string | undefined>>, wanted: boolean): Style => {
  if (!wanted || env.NO_COLOR) return plain;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR === '0' ? plain : coloured;
  return stream.isTTY === true && env.TERM !== 'dumb' ? coloured : plain;
};

/** How wide a terminal is; undefined for what is none. */
export const columnsOf = (stream: Output): number | undefined =>
  stream.isTTY === true ? stream.columns || undefined : undefined;

/** Prints lines, or just a text, and waits until a slow reader has taken them: a log may be longer than a pipe holds. */
export const writtenTo = (stream: NodeJS.WriteStream, what: readonly string[] | string | Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    const text = Array.isArray(what) ? what.map((line) => `${line}\n`).join('') : (what as string | Uint8Array);
    if (text.length === 0 || stream.write(text)) resolve();
    else stream.once('drain', resolve);
  });
