/** A duration as a person says it: `340 ms`, `1.4 s`, `14 s`, `2 min 5 s`, `1 h 3 min`. */
export const spoken = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds <= 90) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/** Whole seconds, for something that ticks: a figure that changes ten times a second is not read. */
export const ticking = (ms: number): string =>
  spoken(Math.floor(ms / 1000) * 1000)
    .replace(/^0 ms$/, '0 s')
    .replace('.0 s', ' s');

const AGES = [
  [90_000, 1000, 's'],
  [90 * 60_000, 60_000, 'min'],
  [36 * 3_600_000, 3_600_000, 'h'],
  [Number.POSITIVE_INFINITY, 86_400_000, 'd'],
] as const;

/** How long something is past, in one unit: `3 h ago`. */
export const ago = (ms: number): string => {
  const [, unit, name] = AGES.find(([below]) => ms < below) ?? AGES[3];
  return ms < 1000 ? 'just now' : `${Math.floor(ms / unit)} ${name} ago`;
};

/** `2026-11-23 02:15:30`, in local time. */
export const dateTime = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(date)}`;

/** `02:15:30`, in local time. */
export const clock = (date: Date): string =>
  `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** `02:15:30.4`, in local time. */
export const clockTenths = (date: Date): string => `${clock(date)}.${Math.floor(date.getMilliseconds() / 100)}`;

const two = (value: number): string => String(value).padStart(2, '0');
