import type {Event} from '../../engine/index.ts';
import {ticking} from '../time.ts';

/** `possibly hung: no output for 90 s; usually 8 s; timeout in 8 min 30 s`. */
export const overdueText = (overdue: Omit<Event & {type: 'step-overdue'}, 'type' | 'step'>): string => {
  const {why, elapsedMs, silentMs, usuallyMs, endsBy, endsInMs} = overdue;
  const usual = usuallyMs === undefined ? undefined : ticking(Math.max(1000, usuallyMs));
  const slow = [`${ticking(elapsedMs)} instead of the usual ${usual}`];
  const silent = [`no output for ${ticking(silentMs)}`, ...(usual === undefined ? [] : [`usually ${usual}`])];
  const end = `${endsBy === 'timeout' ? 'timeout' : 'given up'} in ${ticking(endsInMs)}`;
  return `possibly hung: ${[...(why === 'slow' ? slow : silent), end].join('; ')}`;
};
