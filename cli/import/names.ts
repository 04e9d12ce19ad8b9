/** Text as an id: lower case, digits and `_`, beginning with a letter. */
export const snake = (text: string, otherwise = 'step'): string => {
  const plain = text
    .normalize('NFKD')
    .replace(/\uE000\d+\uE001/g, '_')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '');
  return (plain.length > 40 ? plain.slice(0, 40).replace(/_[^_]*$/, '') : plain) || otherwise;
};

/** Expressions could not read a step of such a name. */
const unreserved = (id: string): string => (/^(in|true|false|null)$/.test(id) ? `do_${id}` : id);

/** Ids that are given once each. */
export class Ids {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    const base = unreserved(snake(wanted));
    let id = base;
    for (let count = 2; this.#taken.has(id); count++) id = `${base}_${count}`;
    this.#taken.add(id);
    return id;
  }
}

/** More can't be seen of a title. */
const LONGEST = 1000;

/** One short line. */
export const titled = (text: string): string => {
  const line = text
    .slice(0, LONGEST)
    .replace(/\s+/g, ' ')
    .replace(/[:.\s]+$/, '')
    .trim();
  return line.length > 72 ? `${line.slice(0, 71).replace(/\s+\S*$/, '')} …` : line;
};
