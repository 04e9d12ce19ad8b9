import * as fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {Course, Event} from '../../engine/events.ts';
import {type Rig, rigTest} from '../rig.ts';

const test = suite('what a resume says it will do');

/** One step of a random runbook; `reads` and `needs` are positions of earlier ones. */
interface Drawn {
  readonly uses: 'web' | 'sh' | 'look' | 'pay';
  readonly needs: 'before' | 'none' | number;
  readonly reads: number | undefined;
  readonly isGuarded: boolean;
}

interface Case {
  readonly steps: readonly Drawn[];
  /** The run dies behind this entry, counted from its end; the step it was in has acted or not. */
  readonly crash: {readonly back: number; readonly acted: boolean} | undefined;
  /** Positions of steps whose effect is gone, and of such whose text is edited. */
  readonly gone: readonly number[];
  readonly edited: readonly number[];
}

const position = fc.nat({max: 5});

const drawn: fc.Arbitrary<Drawn> = fc.record({
  uses: fc.constantFrom('web', 'web', 'sh', 'look', 'pay'),
  needs: fc.oneof(fc.constant('before' as const), fc.constant('none' as const), position),
  reads: fc.option(position, {nil: undefined}),
  isGuarded: fc.boolean(),
});

const cases: fc.Arbitrary<Case> = fc.record({
  steps: fc.array(drawn, {minLength: 2, maxLength: 6}),
  crash: fc.option(fc.record({back: fc.nat({max: 12}), acted: fc.boolean()}), {nil: undefined}),
  gone: fc.uniqueArray(position, {maxLength: 2}),
  edited: fc.uniqueArray(position, {maxLength: 2}),
});

const yamlOf = ({steps, edited}: Case, isLater: boolean): string =>
  steps
    .map(({uses, needs, reads, isGuarded}, index) => {
      const word = isLater && edited.includes(index) ? 'new' : 'old';
      const read = reads !== undefined && reads < index ? `\${{ steps.s${reads}.outputs.value }}` : '';
      const needed = needs === 'before' ? '' : `, needs: [${needs === 'none' || needs >= index ? '' : `s${needs}`}]`;
      const when = isGuarded && read !== '' ? `, when: 'steps.s${reads}.outputs.value != ""'` : '';
      return `  - {id: s${index}, uses: ${uses}, with: {value: "${word} ${read}"}${needed}${when}}\n`;
    })
    .join('');

/** What became of each step: what it did, and how it ended. */
const courseTaken = (rig: Rig, events: readonly Event[], acts: readonly string[], step: string): Course[] => {
  const did = acts.filter((act) => act.endsWith(` ${step}`)).map((act) => act.split(' ')[0]);
  if (events.some((event) => event.type === 'step-skipped' && event.step === step)) return ['skip'];
  const ended = events.find((event) => event.type === 'step-finished' && event.step === step);
  const how = ended?.type === 'step-finished' ? ended.how : 'not finished';
  const isLook = rig
    .journal()
    .some((entry) => entry.type === 'step-checkpointed' && entry.step === step && entry.record?.effect === 'reads');
  if (how === 'kept' && did.length === 0) return ['keep', 'recheck', 'unknown'];
  if (how === 'adopted' && did.length === 0) return ['adopt', 'reattach', 'unknown'];
  if (how === 'already-true' && did.length === 0) return ['already-true', 'unknown'];
  if (how === 'ran' && isLook) return ['look', 'unknown'];
  if (how === 'ran' && did.join() === 'run') return ['run', 'repair', 'recheck', 'unknown', 'ask'];
  if (how === 'ran' && did.join() === 'undo,run') return ['remake', 'recheck', 'unknown'];
  throw new Error(`${step} did ${did.join(' and ') || 'nothing'}, and was ${how}`);
};

const trial = (one: Case) =>
  rigTest(async (rig) => {
    rig.step('web');
    rig.step('sh', {effect: 'repeatable'});
    rig.step('look', {effect: 'reads'});
    rig.step('pay', {effect: 'once'});
    await rig.runbook(yamlOf(one, false));
    const {run} = await rig.run();
    if (one.crash !== undefined) rig.crash(Math.max(1, rig.journal().length - one.crash.back), one.crash.acted);
    for (const index of one.gone) rig.world.delete(`s${index}`);
    await rig.runbook(yamlOf(one, true));
    const {steps, hash} = await rig.planResume({run});
    for (const {step, course} of steps) if (course !== 'keep') rig.answers.set(step, {kind: 'redo'});
    const before = rig.acts().length;

    assert.is((await rig.planResume({run})).hash, hash, 'it is the same as long as nothing changes');
    const resumed = await rig.resume({run});

    assert.ok(resumed.ok, JSON.stringify(resumed.failures));
    for (const {step, course, standing} of steps) {
      const taken = courseTaken(rig, resumed.events, rig.acts().slice(before), step);
      assert.ok(taken.includes(course), `${step} (${standing}): it was said to ${course}, and did ${taken[0]}`);
    }
    const after = await rig.planResume({run});
    assert.equal(
      after.steps.filter(({course}) => !['keep', 'skip'].includes(course)),
      [],
      'nothing is left to do',
    );
  })();

test('is what it does, on any runbook, after any crash, drift and edit', async () => {
  await fc.assert(fc.asyncProperty(cases, trial), {numRuns: Number(process.env.RUNBOOK_TEST_CASES ?? 25)});
});

test.run();
