import type {Stamped} from '../../engine/index.ts';
import {briefly} from '../progress/settled.ts';
import {HOW, INTERRUPTED, OUTCOME, SKIPPED, type Wording} from '../progress/words.ts';
import type {Style} from '../streams.ts';
import {spoken} from '../time.ts';

type Text<T extends Stamped['type']> = (entry: Stamped & {type: T}, style: Style) => string;

const word = ({word, format}: Wording, style: Style): string => style(format, word);

/** What an entry of the journal says to somebody who follows the run; empty where it says nothing. */
const TEXTS: {readonly [T in Stamped['type']]: Text<T>} = {
  'run-started': ({runbook, run}) => `running ${runbook} (run ${run})`,
  'run-resumed': () => 'resumed',
  'step-started': ({attempt, record}) => (attempt === 1 ? `start ${record.title}` : `attempt ${attempt}`),
  remembered: () => '',
  'step-checkpointed': ({how, durationMs}, style) => `${word(HOW[how], style)} (${spoken(durationMs)})`,
  'step-verified': () => '',
  'step-failed': ({problem}, style) => `${style('red', 'failed')} ${briefly(problem.message).split('\n')[0]}`,
  'step-interrupted': (_, style) => word(INTERRUPTED, style),
  'step-skipped': ({reason}, style) => word(SKIPPED[reason], style),
  'step-reopened': ({why}) => `to be done again: ${why}`,
  'undo-started': () => 'undo',
  'step-undoing': () => 'undo',
  'step-undone': (_, style) => style('green', 'undone'),
  'undo-finished': ({failed}, style) =>
    failed.length === 0 ? style('green', 'undone') : style('red', `not undone: ${failed.join(', ')}`),
  'run-superseded': ({by}) => `superseded by run ${by}`,
  'run-finished': ({outcome, durationMs}, style) => `${word(OUTCOME[outcome], style)} in ${spoken(durationMs)}`,
};

export const entryText = (entry: Stamped, style: Style): string =>
  (TEXTS[entry.type] as (entry: Stamped, style: Style) => string)(entry, style);
