import type {ReportedStep} from '../../engine/index.ts';

type Ending = NonNullable<ReportedStep['ending']>;

const ENDINGS: Readonly<Record<Ending, readonly [word: string, tone: 'good' | 'bad' | 'warn' | 'quiet']>> = {
  ran: ['ran', 'good'],
  'already-true': ['already true', 'good'],
  adopted: ['adopted', 'good'],
  verified: ['verified', 'good'],
  accepted: ['accepted', 'warn'],
  running: ['running', 'warn'],
  'in-doubt': ['in doubt', 'warn'],
  interrupted: ['interrupted', 'warn'],
  failed: ['failed', 'bad'],
  skipped: ['skipped', 'quiet'],
  reopened: ['to be done again', 'warn'],
  undone: ['undone', 'quiet'],
};

/** What became of a step, in a word. */
export const wordOf = (ending: ReportedStep['ending']): string =>
  ending === undefined ? 'not begun' : ENDINGS[ending][0];

/** The class of its colour. */
export const toneOf = (ending: ReportedStep['ending']): string => (ending === undefined ? 'quiet' : ENDINGS[ending][1]);
