import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Rig, rigTest} from '../rig.ts';

const test = suite('scale');

const manySteps = (count: number, rest: string): string =>
  Array.from({length: count}, (_, index) => `  - {id: s${index}, needs: [], ${rest}}\n`).join('');

test(
  'writes the checkpoints of steps that end together with one sync',
  rigTest(async (rig) => {
    const waiting: (() => void)[] = [];
    const work = rig.step('work');
    work.during = () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        // each ends in a callback of its own, all in one turn of the event loop
        if (waiting.length === 12) for (const end of waiting) setTimeout(end, 1);
      });
    await rig.runbook(manySteps(12, 'uses: work'));

    const {ok} = await rig.run({concurrency: 12});

    assert.ok(ok);
    const checkpoints = rig.journal().filter(({type}) => type === 'step-checkpointed');
    assert.is(checkpoints.length, 12);
    const [first, last] = [checkpoints[0]?.n, checkpoints.at(-1)?.n];
    for (const {group} of checkpoints) assert.equal(group, [first, last]);
  }),
);

/** How often the list of all steps is gone through. */
const readsOfAllSteps = async (rig: Rig, count: number): Promise<number> => {
  await rig.runbook(manySteps(count, 'uses: work, check_first: true, verify: [{uses: look}]'));
  let reads = 0;
  const runbook = new Proxy(await rig.load(), {
    get(target, name) {
      if (name === 'steps') reads++;
      return Reflect.get(target, name) as unknown;
    },
  });
  await rig.plan({runbook});
  return reads;
};

test(
  'decides on a step without going through all others',
  rigTest(async (rig) => {
    rig.step('work', {effect: 'repeatable', check: false});
    rig.step('look', {effect: 'reads'});

    assert.is(await readsOfAllSteps(rig, 40), await readsOfAllSteps(rig, 10));
  }),
);

test.run();
