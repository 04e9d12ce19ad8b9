/** Keeps what was made of a text, of so many at the most: then it begins anew. */
export class Recent<Made> {
  readonly #most: number;
  readonly #kept = new Map<string, Made>();

  constructor(most: number) {
    this.#most = most;
  }

  of(text: string, make: (text: string) => Made): Made {
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
    const made = make(text);
    if (this.#kept.size >= this.#most) this.#kept.clear();
    this.#kept.set(text, made);
    return made;
  }
}
