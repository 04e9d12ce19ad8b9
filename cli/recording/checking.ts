import type {Call} from '../command.ts';
import {shownPath} from '../report.ts';
import {type Difference, differencesOf} from './compare.ts';
import {recordedPage} from './page.ts';
import type {Origin} from './recording.ts';
import type {Studio, Take} from './studio.ts';

/** A recorded page, and what it takes to make it again. */
export interface Page {
  readonly file: string;
  readonly markdown: string;
  readonly origin: Origin;
  readonly take: Take;
}

export interface Checked {
  readonly page: Page;
  /** Empty where the page is true. */
  readonly differences: readonly Difference[];
}

/** Runs pages again, each on an engine on which was run what it wants to find. */
export class Checking {
  readonly #prepare: (origin: Origin) => Promise<Studio>;
  readonly #call: Call;
  #studio: Studio | undefined;

  constructor(prepare: (origin: Origin) => Promise<Studio>, call: Call) {
    this.#prepare = prepare;
    this.#call = call;
  }

  /** @param tries so often must a difference be seen before it counts: what is so once and not again tells nothing of a page */
  async check(pages: readonly Page[], tries: number): Promise<readonly Checked[]> {
    const checked: Checked[] = [];
    try {
      for (const page of pages) checked.push({page, differences: await this.#differencesOf(page)});
      for (let again = 2; again <= tries; again++)
        for (const [index, one] of checked.entries()) checked[index] = await this.#again(one);
    } finally {
      await this.#studio?.close();
    }
    return checked;
  }

  async #again({page, differences}: Checked): Promise<Checked> {
    if (differences.length === 0) return {page, differences};
    const name = shownPath(page.file, this.#call.around.cwd);
    this.#call.tell([`${name}: ${differences.map(({what}) => what).join('; ')}. Once more, to see whether that stays`]);
    const seen = new Set((await this.#differencesOf(page)).map(({what}) => what));
    return {page, differences: differences.filter(({what}) => seen.has(what))};
  }

  async #differencesOf({origin, take, markdown}: Page): Promise<readonly Difference[]> {
    if (this.#studio === undefined || !isSame(this.#studio.ran, origin.after)) {
      await this.#studio?.close();
      this.#studio = undefined;
      this.#studio = await this.#prepare(origin);
    }
    return differencesOf(markdown, recordedPage(await this.#studio.record(take)));
  }
}

const isSame = (a: Origin['after'], b: Origin['after']): boolean => JSON.stringify(a) === JSON.stringify(b);
