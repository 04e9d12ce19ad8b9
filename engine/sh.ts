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
  const rendered = strings.map((text, index) => {
    const value = values[index];
    if (value === undefined) return text;
    const words = Array.isArray(value) ? value : [value];
    return text + words.map((word) => quote(String(word))).join(' ');
  });
  return rendered.join('').replace(/ {2,}(?=(?:[^']*'[^']*')*[^']*$)/g, ' ').trim();
};
