import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type Clock, type Overdue, Watch} from '../../engine/overdue.ts';
import type {Usual} from '../../engine/usual.ts';
import {rigTest} from '../rig.ts';

const test = suite('overdue');

const PATIENCE = {silentMs: 60_000, times: 3, beyondMs: 5000};

/** A clock that the test turns. */
const turned = (): Clock & {turn(ms: number): void; timers(): number} => {
  let now = 1000;
  let timers: {at: number; act: () => void}[] = [];
  return {
    now: () => now,
    after: (ms, act) => {
      const timer = {at: now + ms, act};
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    turn: (ms) => {
      const end = now + ms;
      for (;;) {
        const next = timers.filter(({at}) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        now = next.at;
        timers = timers.filter((one) => one !== next);
        next.act();
      }
      now = end;
    },
    stop: () => {},
    timers: () => timers.length,
  };
};

const watched = (usual?: Usual) => {
  const clock = turned();
  const told: Overdue[] = [];
  const watch = new Watch(usual, (overdue) => told.push(overdue), {patience: PATIENCE, clock});
  return {clock, told, watch};
};

test('a step that prints nothing for a minute is called silent, once', () => {
  const {clock, told, watch} = watched();
  watch.begin('timeout', 600_000);

  clock.turn(59_999);
  assert.equal(told, []);
  clock.turn(300_000);

  assert.equal(told, [{why: 'silent', elapsedMs: 60_000, silentMs: 60_000, endsBy: 'timeout', endsInMs: 540_000}]);
});

test('what it prints starts its silence anew', () => {
  const {clock, told, watch} = watched();
  watch.begin('timeout', 600_000);

  for (let n = 0; n < 10; n++) {
    clock.turn(50_000);
    watch.heard();
  }
  assert.equal(told, []);
  clock.turn(60_000);
  watch.heard();
  clock.turn(60_000);

  assert.equal(
    told.map(({why, elapsedMs}) => [why, elapsedMs]),
    [
      ['silent', 560_000],
      ['silent', 620_000],
    ],
  );
});

test('a step is called slow at three times of what is usual, and not before 5 s more than that', () => {
  const long = watched({medianMs: 20_000, slowMs: 25_000});
  long.watch.begin('timeout', 600_000);
  long.clock.turn(59_999);
  assert.equal(long.told, []);
  long.clock.turn(1);
  assert.equal(long.told, [
    {why: 'slow', elapsedMs: 60_000, silentMs: 60_000, usuallyMs: 20_000, endsBy: 'timeout', endsInMs: 540_000},
  ]);

  const short = watched({medianMs: 100, slowMs: 200});
  short.watch.begin('timeout', 600_000);
  short.clock.turn(5099);
  assert.equal(short.told, []);
  short.clock.turn(1);
  assert.is(short.told[0]?.why, 'slow');
});

test('a step that has been as slow before is not called slow', () => {
  const {clock, told, watch} = watched({medianMs: 1000, slowMs: 40_000});
  watch.begin('timeout', 600_000);

  clock.turn(39_999);

  assert.equal(told, []);
});

test('a step that usually takes minutes may be silent for as long', () => {
  const {clock, told, watch} = watched({medianMs: 120_000, slowMs: 150_000});
  watch.begin('timeout', 600_000);

  clock.turn(239_999);
  assert.equal(told, []);
  clock.turn(1);

  assert.is(told[0]?.why, 'silent');
});

test('a check that is waited for is not silent, but may be slow', () => {
  const {clock, told, watch} = watched({medianMs: 1000, slowMs: 1000});
  watch.begin('timeout', 600_000);
  watch.begin('within', 300_000);

  clock.turn(200_000);

  assert.equal(
    told.map(({why, endsBy, endsInMs}) => [why, endsBy, endsInMs]),
    [['slow', 'within', 294_000]],
  );
});

test('between two attempts nothing is overdue, and no timer is left when it has ended', () => {
  const {clock, told, watch} = watched({medianMs: 1000, slowMs: 1000});
  watch.begin('timeout', 600_000);
  watch.rest();
  clock.turn(100_000);
  assert.equal(told, []);
  assert.is(clock.timers(), 0);

  watch.begin('timeout', 600_000);
  clock.turn(1);
  assert.is(told[0]?.why, 'slow');

  watch.rest();
  assert.is(clock.timers(), 0);
});

test(
  'a run tells of a silent step while it is running, and ends nothing',
  rigTest(async (rig) => {
    rig.patience = {silentMs: 1, times: 3, beyondMs: 5000};
    const web = rig.step('web', {effect: 'repeatable'});
    const {started, release} = web.hold();
    await rig.runbook('  - {id: web, uses: web, timeout: 1h}\n');

    const overdueTold = rig.saw('step-overdue');
    const running = rig.run();
    await started;
    await overdueTold;
    release();
    const {ok, events} = await running;

    assert.ok(ok);
    const overdue = events.find((event) => event.type === 'step-overdue');
    assert.equal([overdue?.step, overdue?.why, overdue?.endsBy], ['web', 'silent', 'timeout']);
    assert.ok((overdue?.endsInMs ?? 0) > 3_000_000);
  }),
);

test(
  'a run tells of a step that takes longer than in earlier runs',
  rigTest(async (rig) => {
    const web = rig.step('web', {effect: 'repeatable'});
    await rig.runbook('  - {id: web, uses: web}\n');
    await rig.run();
    rig.patience = {silentMs: 3_600_000, times: 3, beyondMs: 1};
    const {started, release} = web.hold();

    const overdueTold = rig.saw('step-overdue');
    const running = rig.run();
    await started;
    await overdueTold;
    release();
    const {events} = await running;

    const overdue = events.find((event) => event.type === 'step-overdue');
    assert.is(overdue?.why, 'slow');
    assert.type(overdue?.usuallyMs, 'number');
  }),
);

test(
  'a step that a person has to answer is never called hung',
  rigTest(async (rig) => {
    rig.patience = {silentMs: 1, times: 1, beyondMs: 0};
    const shop = rig.step('shop', {effect: 'repeatable', asks: true});
    const web = rig.step('web', {effect: 'repeatable'});
    const {started, release} = shop.hold();
    const other = web.hold();
    await rig.runbook('  - {id: shop, uses: shop}\n  - {id: web, uses: web, needs: []}\n');

    const overdueTold = rig.saw('step-overdue');
    const running = rig.run();
    await Promise.all([started, other.started, overdueTold]);
    release();
    other.release();
    const {events} = await running;

    const overdue = events.filter((event) => event.type === 'step-overdue');
    assert.equal(
      overdue.map(({step}) => step),
      ['web'],
    );
  }),
);

test.run();
