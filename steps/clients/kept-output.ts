/** How much of an output stream is kept for results: half from its start, half from its end. */
export const KEPT_BYTES = 1024 * 1024;

const LONGEST_LINE = 64 * 1024;

// a program that prints byte by byte must not leave a million buffers
const joined = (chunks: Buffer[]): Buffer[] => (chunks.length > 1000 ? [Buffer.concat(chunks)] : chunks);

/** Keeps both ends of a stream of any length, in bounded memory. */
export class KeptOutput {
  #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #dropped = 0;

  add(chunk: Buffer): void {
    const room = KEPT_BYTES / 2 - this.#headBytes;
    const first = chunk.subarray(0, Math.max(room, 0));
    const rest = chunk.subarray(first.length);
    if (first.length > 0) this.#head.push(first);
    this.#head = joined(this.#head);
    this.#headBytes += first.length;
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tail = joined(this.#tail);
    this.#tailBytes += rest.length;
    this.#dropOldest();
  }

  #dropOldest(): void {
    for (;;) {
      const oldest = this.#tail[0];
      const excess = this.#tailBytes - KEPT_BYTES / 2;
      if (oldest === undefined || excess <= 0) return;
      const cut = Math.min(excess, oldest.length);
      if (cut === oldest.length) this.#tail.shift();
      else this.#tail[0] = oldest.subarray(cut);
      this.#tailBytes -= cut;
      this.#dropped += cut;
    }
  }

  get truncated(): boolean {
    return this.#dropped > 0;
  }

  toString(): string {
    if (!this.truncated) return Buffer.concat([...this.#head, ...this.#tail]).toString();
    // from the beginning of a line on: half a secret would not be known as one
    const tail = Buffer.concat(this.#tail);
    const start = tail.subarray(0, LONGEST_LINE).indexOf('\n') + 1;
    const gap = `\n[... ${this.#dropped + start} bytes left out ...]\n`;
    return `${Buffer.concat(this.#head)}${gap}${tail.subarray(start)}`;
  }
}
