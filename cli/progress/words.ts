import type {Course, Event, Outcome, SkipReason, Standing} from '../../engine/index.ts';
import type {Format} from '../streams.ts';

/** A mark and a word for everything that can become of a step; the word says it where colours and marks are lost. */
export interface Wording {
  readonly mark: string;
  readonly word: string;
  readonly format: Format;
}

const good = (word: string, mark = '✔'): Wording => ({mark, word, format: 'green'});
const quiet = (word: string, mark: string): Wording => ({mark, word, format: 'dim'});
const warning = (word: string, mark = '!'): Wording => ({mark, word, format: 'yellow'});
const bad = (word: string): Wording => ({mark: '✖', word, format: 'red'});

export const HOW: Readonly<Record<(Event & {type: 'step-finished'})['how'], Wording>> = {
  kept: good('still holds', '='),
  ran: good('ran'),
  'already-true': good('already true', '='),
  adopted: good('adopted'),
  accepted: warning('accepted', '✔'),
  verified: good('verified', '='),
};

export const STANDING: Readonly<Record<Standing, Wording>> = {
  holds: good('still holds', '='),
  drifted: bad('drifted'),
  edited: warning('edited', '~'),
  'input-changed': warning('input changed', '~'),
  'in-doubt': warning('in doubt', '?'),
  running: {mark: '▸', word: 'running', format: 'cyan'},
  'no-check': quiet('no check', '-'),
  withheld: warning('not stored'),
  accepted: warning('accepted', '✔'),
  superseded: quiet('superseded', '-'),
  skipped: quiet('skipped', '-'),
  pending: quiet('pending', '·'),
  failed: bad('failed'),
  removed: warning('removed', '-'),
  undone: quiet('undone', '-'),
};

/** What several steps in a row are said to be, that need no line each. */
export const FOLDED: Readonly<Partial<Record<Standing, string>>> = {
  holds: 'still hold',
  'no-check': 'no check',
  superseded: 'superseded',
  skipped: 'skipped',
  pending: 'pending',
  undone: 'undone',
};

/** What a resume does with a step. */
export const COURSE: Readonly<Record<Course, string>> = {
  keep: 'kept',
  recheck: 'kept if it still holds',
  adopt: 'adopted',
  reattach: 're-attached',
  repair: 'repaired',
  run: 'run',
  remake: 'taken back, then made anew',
  look: 'looks',
  verify: 'verified, not run',
  'already-true': 'nothing to do',
  unknown: 'not known yet',
  ask: 'asked for first',
  accept: 'taken as done',
  skip: 'skipped',
  leave: 'left',
};

export const SKIPPED: Readonly<Record<SkipReason, Wording>> = {
  when: quiet('skipped', '-'),
  'not-selected': quiet('not selected', '-'),
  'needs-failed': quiet('not started', '-'),
};

export const OUTCOME: Readonly<Record<Outcome, Wording>> = {
  done: good('done'),
  failed: bad('failed'),
  interrupted: warning('interrupted'),
  partial: good('done so far'),
};

export const INTERRUPTED = warning('interrupted');
export const FAILED = bad('failed');
export const UNDONE = good('undone');
export const UNDO_FAILED = bad('not undone');
export const NOTICE = warning('note');
