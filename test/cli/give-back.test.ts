import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {giveBack} from '../../cli/give-back.ts';
import {type CliRig, cliTest, program} from '../cli-rig.ts';

const test = suite('giving memory back');

const MEGABYTE = 1024 * 1024;

/** As large as what V8 keeps for small ones: nothing but a collection of all that is old takes it away. */
const old = (): object[] => Array.from({length: 1_500_000}, (_, n) => ({n, next: [n]}));

test('what nobody holds any more is gone, and programs still find no way to ask for that', () => {
  let held: object[] | undefined = old();
  const before = process.memoryUsage().heapUsed;
  assert.ok(before > 100 * MEGABYTE, `${held.length} objects take ${before} bytes`);

  held = undefined;
  giveBack();

  const gone = before - process.memoryUsage().heapUsed;
  assert.ok(gone > 50 * MEGABYTE, `${gone} of ${before} bytes`);
  assert.is(Reflect.get(globalThis, 'gc'), undefined);
});

/** What V8 collected because it was told to, in a run of so many steps, each told as V8 tells it. */
const collectedIn = async (rig: CliRig, count: number): Promise<readonly string[]> => {
  const steps = Array.from(
    {length: count},
    (_, n) => `  - {id: s${n}, uses: assert, expect: inputs.n > 0, needs: []}\n`,
  );
  await rig.write({'large.yaml': `name: large\ninputs: {n: {type: integer, default: 3}}\nsteps:\n${steps.join('')}`});
  const [node, ...rest] = program;
  const {code, stdout, stderr} = await rig.start(['run', './large.yaml'], {
    command: [node, '--trace-gc', ...rest],
    env: {NODE_DISABLE_COMPILE_CACHE: '1'},
  }).ended;
  assert.is(code, 0, stderr);
  assert.match(stdout, /Scavenge/);
  return stdout.split('\n').filter((line) => /Mark-Compact.*testing/.test(line));
};

test(
  'a run does it once, where its runbook is large',
  cliTest(async (rig) => {
    assert.is((await collectedIn(rig, 10_000)).length, 1);
    assert.is((await collectedIn(rig, 10)).length, 0);
  }),
);

test.run();
