const UNITS = {ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000} as const;
type Unit = keyof typeof UNITS;

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy;
const LONGEST = 366 * UNITS.d;

/** What is wrong with a text that should be a duration. */
export interface BadDuration {
  readonly expected: string;
  readonly next?: string;
}

const bad = (text: string): BadDuration => {
  const expected = 'a number with a unit (ms, s, m, h or d), such as 500ms, 60s or 1h30m';
  return /^\d+(\.\d+)?$/.test(text) ? {expected, next: `did you mean "${text}s"?`} : {expected};
};

/** Milliseconds of `60s`, `500ms`, `2m` or `1h30m`; a number without a unit is refused. */
export const parseDuration = (value: unknown): number | BadDuration => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text === '') return bad('');
  let total = 0;
  let at = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (PART.lastIndex = 0; at < text.length; at = PART.lastIndex) {
    const part = PART.exec(text);
    const unit = UNITS[part?.[2] as Unit];
    // units go from large to small, each once: 1h30m, not 30m1h
    if (part === null || unit >= smallest) return bad(text);
    smallest = unit;
    total += Number(part[1]) * unit;
  }
  if (total > LONGEST) return {expected: 'at most a year (366d)'};
  return Math.round(total);
};

/** A duration for people: `350ms`, `2.5s`, `1m30s`, `2h`. */
export const formatDuration = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))}s`;
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join('');
};
