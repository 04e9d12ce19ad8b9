import {appendFileSync} from 'node:fs';
import type {Host, Moment} from '../../engine/index.ts';

/** The variable by which `runbook test` tells the program that it starts what to do. */
export const ORDERS = 'RUNBOOK_REHEARSAL';

/** Where a process is to end. */
export interface Point {
  readonly step: string;
  readonly moment: Moment;
}

export interface Orders {
  /** A file for what steps come to, one JSON object a line. */
  readonly trace: string;
  /** So long after `during` it ends there; at the step's end where that comes first. */
  readonly kill?: Point & {readonly afterMs: number};
}

/** A line of the trace. */
export interface Reached extends Point {
  /** Milliseconds since the process began. */
  readonly ms: number;
}

/** Notes each moment that is reached, and ends the process at the one that is meant. */
export const obey = (text: string | undefined, end: () => void): Pick<Host, 'reached'> => {
  if (text === undefined) return {};
  const {trace, kill} = JSON.parse(text) as Orders;
  return {
    reached: (step, moment) => {
      const reached: Reached = {step, moment, ms: performance.now()};
      appendFileSync(trace, `${JSON.stringify(reached)}\n`);
      if (kill === undefined || kill.step !== step) return;
      if (moment === kill.moment && moment === 'during') setTimeout(end, kill.afterMs);
      else if (moment === kill.moment || (moment === 'after' && kill.moment === 'during')) end();
    },
  };
};
