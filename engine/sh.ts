// Private-use characters: no YAML author types them, and JSON keeps them.
const OPEN = '\uE000';
const CLOSE = '\uE001';

/** Text that `quote` renders as `"$name"`: a secret, or a value that is not known yet. */
export const variable = (name: string): string => `${OPEN}${name}${CLOSE}`;

const marker = new RegExp(`${OPEN}([A-Za-z_][A-Za-z0-9_]*)${CLOSE}`, 'u');

/** Whether a text holds a value that stands for a variable. */
export const hasVariable = (text: string): boolean => marker.test(text);

const quoteLiteral = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** One POSIX shell word that any `sh` reads as exactly this text; variables stand in double quotes. */
export const quote = (text: string): string => {
  if (text === '') return "''";
  // split with one capture group alternates literal text and variable names
  return text
    .split(new RegExp(marker, 'gu'))
    .map((part, index) => (index % 2 === 1 ? `"$${part}"` : part === '' ? '' : quoteLiteral(part)))
    .join('');
};

type Word = string | number | readonly (string | number)[];

/**
 * A command line to paste. Values are quoted, lists become several words, and an empty list leaves nothing behind:
 * sh`docker run ${flags} ${image}`.
 */
export const sh = (strings: TemplateStringsArray, ...values: readonly Word[]): string => {
  let line = '';
  for (const [index, text] of strings.entries()) {
    // what an empty list stood between is one space, not two; spaces inside values are never touched
    line += line === '' || line.endsWith(' ') ? text.trimStart() : text;
    const value = values[index];
    if (value === undefined) continue;
    const words = Array.isArray(value) ? value : [value];
    line += words.map((word) => quote(String(word))).join(' ');
  }
  return line.trimEnd();
};

// printf's own escapes, for a text with a NUL, which no shell word can hold; a dash in front would be an option
const ESCAPES: Readonly<Record<string, string>> = {'%': '%%', '\\': '\\\\', '\0': '\\000', '-': '\\055'};
const escaped = (text: string): string => text.replace(/^-|[\\%\0]/g, (char) => ESCAPES[char] ?? char);

/** A command that prints exactly this text. `printf` is part of the shell: nothing of it shows in a list of processes. */
export const prints = (text: string): string => {
  if (text.includes('\0')) return `printf ${quote(escaped(text))}`;
  // most files end with a newline, and need no second line for it
  return text.endsWith('\n') ? sh`printf '%s\\n' ${text.slice(0, -1)}` : sh`printf %s ${text}`;
};
