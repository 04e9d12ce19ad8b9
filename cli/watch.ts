import type {Standing, StatusReport, StepStatus} from '../engine/index.ts';
import {clock, spoken} from './time.ts';

/** A step that stands otherwise than at the look before. */
export interface Turn {
  readonly step: StepStatus;
  /** Undefined at the first look. */
  readonly from: Standing | undefined;
  /** How long it stood as it did before. */
  readonly lastedMs: number;
}

interface Stand {
  readonly standing: Standing;
  readonly since: Date;
  /** It had drifted, and holds again. */
  readonly isBack: boolean;
  /** Nobody looked before: it may have stood so for long. */
  readonly isFirst: boolean;
}

/** Compares looks at a run: what has drifted, since when, and what came back. */
export class Watch {
  readonly #stands = new Map<string, Stand>();
  #looks = 0;

  /** Takes a look's report; returns what is another way now. At the first one: what has drifted. */
  note({steps}: StatusReport, now: Date): readonly Turn[] {
    const isFirst = this.#looks++ === 0;
    return steps.flatMap((step) => {
      const before = this.#stands.get(step.step);
      if (before?.standing === step.standing) return [];
      const isBack = before?.standing === 'drifted' && step.standing === 'holds';
      this.#stands.set(step.step, {standing: step.standing, since: now, isBack, isFirst});
      if (isFirst && step.standing !== 'drifted') return [];
      return [
        {step, from: before?.standing, lastedMs: before === undefined ? 0 : now.getTime() - before.since.getTime()},
      ];
    });
  }

  /** Since when a step has drifted, or holds again. */
  sinceWhen(step: string): string | undefined {
    const stand = this.#stands.get(step);
    if (stand?.standing === 'drifted') return `since ${clock(stand.since)}${stand.isFirst ? ' or before' : ''}`;
    return stand?.isBack === true ? `again since ${clock(stand.since)}` : undefined;
  }
}

/** One line for a log: what has changed. */
export const turnText = ({step, from, lastedMs}: Turn): string => {
  const {standing, expected, found} = step;
  if (standing === 'holds' && from === 'drifted') return `holds again, after ${spoken(lastedMs)}`;
  const words = [`${WORDS[standing] ?? standing}`];
  if (expected !== undefined) words.push(`expected ${inLine(expected)}`);
  if (found !== undefined) words.push(`found ${inLine(found)}`);
  return words.join(', ');
};

const WORDS: Readonly<Partial<Record<Standing, string>>> = {
  holds: 'holds',
  'in-doubt': 'in doubt',
  'input-changed': 'input changed',
  'no-check': 'done, no check',
};

const inLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, '; ');
