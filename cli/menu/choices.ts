import {basename} from 'node:path';
import type {Place} from '../../engine/index.ts';
import {editorOf, nameOf} from './editor.ts';
import type {Choice} from './pick.ts';

export type What = 'go on' | 'retry' | 'edit' | 'shell' | 'inside' | 'verify' | 'accept' | 'undo' | 'quit';

/** What decides which choices there are, and what stands beside them. */
export interface Situation {
  /** Steps that failed, and whose checks were seen to hold since. */
  readonly holding: readonly string[];
  /** Where the failed step stands; undefined for several. */
  readonly place: Place | undefined;
  /** What the failed steps act in, where one can go inside. */
  readonly inside: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Everything that can be done about a failed step, in the order of the menu. */
export const choicesFor = ({holding, place, inside, env}: Situation): Choice<What>[] => {
  const editor = nameOf(editorOf(env));
  const at = place === undefined ? 'the runbook' : `${basename(place.file)}, line ${place.line},`;
  return [
    ...(holding.length === 0
      ? []
      : [
          {
            name: 'go on' as const,
            hint: 'its check holds now: leave it, and do the rest',
            help: 'Resumes the run. The step whose check holds is taken over as it is, and not done again.',
          },
        ]),
    {
      name: 'retry',
      hint: 'do it again, then the rest',
      help: 'Resumes the run: what still holds is kept, what failed is done again, and then the rest.',
    },
    {
      name: 'edit',
      hint: `${at} in ${editor}; then retry`,
      help: 'Opens the runbook in VISUAL, EDITOR or vi. If it is valid afterwards, the run goes on with it: steps that the edit does not touch are kept.',
    },
    {
      name: 'shell',
      hint: 'a shell with its environment; exit comes back',
      help: 'Starts your shell in the folder of the step, with its environment. Its options, the inputs and the outputs of earlier steps are in there as RUNBOOK_ variables.',
    },
    ...(inside === undefined
      ? []
      : [
          {
            name: 'inside' as const,
            hint: `a shell inside ${inside}`,
            help: `Starts a shell inside ${inside}, if that runs. The command line is shown.`,
          },
        ]),
    {
      name: 'verify',
      hint: 'look whether its check holds now',
      help: 'Asks its checks once, and shows what was expected and found. Nothing is run, and nothing is written.',
    },
    {
      name: 'accept',
      hint: 'take it as done, with a reason; then the rest',
      help: 'For what you have done by hand: the step counts as finished, and the reason is kept in the journal.',
    },
    {
      name: 'undo',
      hint: 'take back what the run has made, after asking',
      help: 'Shows what would be taken back, and asks. Then takes it back, the last step first.',
    },
    {
      name: 'quit',
      hint: 'keep the run, to resume it later',
      help: 'Ends with exit code 1, and prints the line that resumes. Esc, Ctrl-C and Ctrl-D do the same.',
    },
  ];
};
