/** A command as a step of its type. */
export interface Mapped {
  readonly uses: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly title: string;
  readonly effect?: 'reads' | 'repeatable';
  readonly on?: string;
  readonly expect?: string;
  /** The output that a variable takes which is set from the command. */
  readonly value?: string;
  readonly decide?: readonly string[];
}

/** A command that no step type does exactly, and why: it stays a line of shell. */
export interface Refused {
  readonly refused: string;
}

export type Mapping = Mapped | Refused | undefined;

export const isMapped = (mapping: Mapping): mapping is Mapped => mapping !== undefined && 'uses' in mapping;

/** Options without those that nobody gave. */
export const given = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).filter(
      ([, value]) =>
        value !== undefined &&
        value !== false &&
        !(typeof value === 'object' && value !== null && Object.keys(value).length === 0),
    ),
  );

/** `A=b` as entries of a map. */
export const pairs = (list: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    list.map((one) => {
      const at = one.indexOf('=');
      return at === -1 ? [one, ''] : [one.slice(0, at), one.slice(at + 1)];
    }),
  );

/** The last part of an image's name: nginx of registry/library/nginx:1.27. */
export const imageName = (image: string): string => (image.split('/').at(-1) ?? image).replace(/[:@].*$/, '');
