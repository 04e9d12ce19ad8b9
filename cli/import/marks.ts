// Private use characters: no document writes them, and no shell reads them.
const MARK = /\uE000(\d+)\uE001/g;

/** Expressions that stand in a command while it is read, each as a mark that no shell or parser touches. */
export class Marks {
  readonly #expressions: string[] = [];

  mark(expression: string): string {
    const known = this.#expressions.indexOf(expression);
    const index = known === -1 ? this.#expressions.push(expression) - 1 : known;
    return `\uE000${index}\uE001`;
  }

  /** The same value with each mark as `${{ }}`. */
  filled(value: unknown): unknown {
    if (typeof value === 'string') return this.#fill(escaped(value));
    if (Array.isArray(value)) return value.map((one) => this.filled(one));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [this.text(key), this.filled(one)]));
  }

  text(value: string): string {
    return this.#fill(value);
  }

  /** A script: a value can't stand in single quotes, so these are closed around it. */
  script(text: string): string {
    let quote = '';
    let result = '';
    for (const part of escaped(text).split(/(\uE000\d+\uE001|\\[\s\S]|['"])/)) {
      if ((part === "'" || part === '"') && (quote === '' || quote === part)) quote = quote === '' ? part : '';
      result += quote === "'" && part.startsWith('\uE000') ? `'"${part}"'` : part;
    }
    return this.#fill(result);
  }

  #fill(text: string): string {
    return text.replace(MARK, (_, index: string) => `\${{ ${this.#expressions[Number(index)]} }}`);
  }
}

/** What looks like an expression of ours in somebody else's text is just text. */
const escaped = (text: string): string => text.replaceAll('${{', '${{ "$" }}{{');
