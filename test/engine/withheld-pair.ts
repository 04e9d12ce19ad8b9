import {readFileSync} from 'node:fs';
import type {FakeOptions, FakeStep, Rig} from '../rig.ts';

/** The value of the input "pw", as `pair` sets it. */
export const SECRET = 'hunter2-and-more';

/** What a step hands on without a word that it holds a secret. */
export const HANDED = `password ${SECRET} of bob`;

/** Head and steps of the runbook that `pair` writes. */
export const HEAD = 'inputs: {pw: {secret: true}}';
export const USES = '  - {id: use, uses: use, with: {value: "${{ steps.make.outputs.value }}"}}\n';
export const MAKES = '  - {id: make, uses: make, with: {secret: "${{ inputs.pw }}"}}\n';

interface Pair {
  readonly make: FakeStep;
  readonly use: FakeStep;
}

/** A step that hands a secret on without saying so, and one that uses it. */
export const pair = async (rig: Rig, options: FakeOptions, steps = MAKES + USES): Promise<Pair> => {
  rig.env = {...rig.env, RUNBOOK_INPUT_PW: SECRET};
  const make = rig.step('make', options);
  make.outputs = {value: HANDED, ip: '10.0.0.1'};
  const use = rig.step('use');
  await rig.runbook(steps, HEAD);
  return {make, use};
};

/** The whole journal, as it stands in its file. */
export const journalText = (rig: Rig): string => readFileSync(rig.journalFile(), 'utf8');

/** The last checkpoint of a step. */
export const checkpointOf = (rig: Rig, step: string) =>
  rig
    .journal()
    .flatMap((entry) => (entry.type === 'step-checkpointed' && entry.step === step ? [entry] : []))
    .at(-1);
