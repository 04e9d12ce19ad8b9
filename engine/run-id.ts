import {randomBytes} from 'node:crypto';

const STAMP = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-([0-9a-z]{2})/;

const timeOf = (run: string): number => {
  const [, year, month, day, hours, minutes, seconds, milliseconds = ''] = STAMP.exec(run) ?? [];
  if (year === undefined) return Number.NEGATIVE_INFINITY;
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`) + Number.parseInt(milliseconds, 36);
};

/**
 * 20261123-021530-k3f9x: sorts by time, and no two are alike. The first two letters are the milliseconds. It sorts behind
 * the newest run that there is, also after the clock was set back: the newest run must be found as such.
 */
export const newRunId = (newest = ''): string => {
  const now = new Date(Math.max(Date.now(), timeOf(newest) + 1));
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const milliseconds = now.getUTCMilliseconds().toString(36).padStart(2, '0');
  const letters = Array.from(randomBytes(3), (byte) => (byte % 36).toString(36)).join('');
  return `${time}-${milliseconds}${letters}`;
};
