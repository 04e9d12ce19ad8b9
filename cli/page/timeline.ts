import {spoken} from '../time.ts';
import {type Html, html} from './html.ts';

export interface Bar {
  readonly title: string;
  readonly target: string;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly tone: string;
}

/** Idle time that is longer than this part of the whole is drawn shorter. */
const LONGEST_IDLE = 0.08;

/** When each step was worked on, and beside what. */
export const timeline = (bars: readonly Bar[]): Html => {
  const scale = scaleOf(bars);
  return html`<div class="timeline" role="list">${bars.map((bar) => {
    const left = scale(bar.startedAt);
    const width = Math.max(0.4, scale(bar.startedAt + bar.durationMs) - left);
    return html`<a role="listitem" class="bar-row" href="#${bar.target}"><span class="bar-title">${bar.title}</span><span class="bar-track"><span class="bar ${bar.tone}" style="margin-left:${left.toFixed(2)}%;width:${Math.min(width, 100 - left).toFixed(2)}%"></span></span><span class="bar-time">${spoken(bar.durationMs)}</span></a>`;
  })}</div>`;
};

/** Time -> percent. Days may lie between a failure and its resume: nobody worked, so it takes little room. */
const scaleOf = (bars: readonly Bar[]): ((at: number) => number) => {
  const spans = bars
    .map(({startedAt, durationMs}) => [startedAt, startedAt + durationMs] as const)
    .sort((a, b) => a[0] - b[0]);
  const busy: [number, number][] = [];
  for (const [from, to] of spans) {
    const last = busy.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else busy.push([from, to]);
  }
  const worked = Math.max(
    1,
    busy.reduce((sum, [from, to]) => sum + to - from, 0),
  );
  const most = worked * LONGEST_IDLE;
  let position = 0;
  const stretches = busy.map(([from, to], index) => {
    const before = busy[index - 1];
    if (before !== undefined) position += Math.min(from - before[1], most);
    const begin = position;
    position += to - from;
    return {from, to, begin};
  });
  const whole = Math.max(1, position);
  return (at) => {
    const stretch = stretches.findLast(({from}) => from <= at) ?? stretches[0];
    return stretch === undefined ? 0 : ((stretch.begin + Math.min(at, stretch.to) - stretch.from) / whole) * 100;
  };
};
