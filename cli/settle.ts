import type {Doubt, DoubtAnswer} from '../engine/index.ts';
import type {Prompter} from './prompt.ts';

const STOP = 'stop';
const CHOICES = [
  {name: STOP, message: 'stop here: nothing more is done'},
  {name: 'redo', message: 'do it again'},
  {name: 'accept', message: 'it has acted: take it as done'},
];

/** Asks what is to be done with a step that must not be repeated unasked. Enter alone stops; to repeat it, it is named. */
export const askOfDoubt = (prompter: Prompter, {step, title, why, command}: Doubt): Promise<DoubtAnswer> =>
  prompter.withTerminal(async () => {
    const about = [
      `${step}${title === step ? '' : `: ${title}`}`,
      `${why}; it may have acted, and must not be repeated unasked`,
      ...command
        .trimEnd()
        .split('\n')
        .map((line, index) => `${index === 0 ? '$' : ' '} ${line}`),
    ];
    const chosen = await prompter.choose(`What about "${step}"?`, CHOICES, about);
    if (chosen === 'accept') {
      const reason = await prompter.type('Why it counts as done (kept in the journal)', (text) => text !== '');
      return {kind: 'accept', reason};
    }
    if (chosen !== 'redo') return {kind: 'stop'};
    const named = await prompter.type(`Type ${step} to do it again, or nothing to stop`, (text) =>
      ['', step].includes(text),
    );
    return named === step ? {kind: 'redo'} : {kind: 'stop'};
  });
