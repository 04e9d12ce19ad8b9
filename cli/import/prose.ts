/** What stands between the commands, until it is known what it belongs to. */
export class Prose {
  readonly #texts: string[] = [];
  #heading: string | undefined;
  #level = 1;

  get texts(): readonly string[] {
    return this.#texts;
  }

  add(text: string): void {
    this.#texts.push(text);
  }

  /** What stands above a deeper heading leads to it; otherwise it belongs to what came before, and is given back. */
  under(heading: string, level: number): string[] {
    const above = this.take();
    const leads = level > this.#level;
    if (leads) this.#texts.push(...above);
    this.#heading = heading;
    this.#level = level;
    return leads ? [] : above;
  }

  /** All of it, under its heading. */
  take(): string[] {
    const heading = this.takeHeading();
    return [...(heading === undefined ? [] : [`**${heading}**`]), ...this.takeTexts()];
  }

  takeHeading(): string | undefined {
    const heading = this.#heading;
    this.#heading = undefined;
    return heading;
  }

  takeTexts(): string[] {
    return this.#texts.splice(0);
  }
}

export const fenced = (text: string, language: string): string => {
  const fence = text.includes('```') ? '~~~~' : '```';
  return `${fence}${language}\n${text.replace(/\n+$/, '')}\n${fence}`;
};
