import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {loggedSteps, StepLog} from '../../engine/step-log.ts';
import {readStepLog, rigTest} from '../rig.ts';

const test = suite('step-log');

const MB = 1_000_000;

/** Lines with their number, of 100 bytes each. */
const lines = (from: number, bytes: number): string => {
  let text = '';
  for (let n = from; text.length < bytes; n++) text += `${String(n).padEnd(99, '.')}\n`;
  return text;
};

const sizeOf = (folder: string): number =>
  readdirSync(join(folder, 'steps')).reduce((sum, name) => sum + statSync(join(folder, 'steps', name)).size, 0);

test(
  'gives back what was written',
  rigTest(async (rig) => {
    const log = new StepLog(rig.dir, 'web[a/b ü]');
    log.write('one ');
    log.write('zwei ü\n');
    log.close();

    assert.is(readStepLog(rig.dir, 'web[a/b ü]'), 'one zwei ü\n');
    assert.equal(loggedSteps(rig.dir), ['web[a/b ü]']);
    assert.is(readStepLog(rig.dir, 'other'), undefined);
  }),
);

test(
  'keeps apart and finds again what steps of any name have printed',
  rigTest(async (rig) => {
    const long = 'a'.repeat(5000);
    const items = [
      long,
      `${long}b`,
      'ü'.repeat(300),
      '💩'.repeat(60),
      `${'💩'.repeat(60)}!`,
      '../..',
      '/',
      'a=b',
      '%2F',
      '',
      '.',
      '\ud800',
      '\udfff',
      '\n',
      '=',
      'x.log',
      'x.tail1',
    ];
    const steps = items.map((item) => `each[${item}]`);
    for (const step of steps) {
      const log = new StepLog(rig.dir, step);
      log.begin('1');
      log.write(`${JSON.stringify(step)}\n`);
      log.close();
    }

    assert.equal(loggedSteps(rig.dir).toSorted(), steps.toSorted());
    for (const step of steps) assert.is(readStepLog(rig.dir, step), `${JSON.stringify(step)}\n`);
    assert.equal(readdirSync(rig.dir), ['steps']);
  }),
);

test(
  'keeps the segments of a step with a long name',
  rigTest(async (rig) => {
    const text = lines(0, 12 * MB);
    const step = `each[${'b'.repeat(3000)}]`;
    const log = new StepLog(rig.dir, step);
    for (let at = 0; at < text.length; at += 700_001) log.write(text.slice(at, at + 700_001));
    log.close();

    assert.ok((readStepLog(rig.dir, step) ?? '').endsWith(text.slice(-1000)));
    assert.equal(loggedSteps(rig.dir), [step]);
  }),
);

test(
  'makes no file for a step that prints nothing',
  rigTest(async (rig) => {
    new StepLog(rig.dir, 'web').close();

    assert.equal(loggedSteps(rig.dir), []);
  }),
);

test(
  'keeps ten megabytes whole',
  rigTest(async (rig) => {
    const text = lines(0, 10 * MB);
    const log = new StepLog(rig.dir, 'web');
    for (let at = 0; at < text.length; at += 70_001) log.write(text.slice(at, at + 70_001));
    log.close();

    assert.ok(readStepLog(rig.dir, 'web') === text);
  }),
);

test(
  'keeps of more the first megabyte and the last nine, and says how much it left out',
  rigTest(async (rig) => {
    const text = lines(0, 40 * MB);
    const log = new StepLog(rig.dir, 'web');
    for (let at = 0; at < text.length; at += 70_001) log.write(text.slice(at, at + 70_001));
    log.close();

    const read = readStepLog(rig.dir, 'web') ?? '';

    assert.ok(read.startsWith(text.slice(0, MB)));
    assert.ok(read.endsWith(text.slice(-9 * MB)));
    const said = /\n\[runbook: (\d+) bytes are left out here\]\n/.exec(read);
    assert.is(Number(said?.[1]), 30 * MB);
    assert.ok(sizeOf(rig.dir) < 16 * MB);
  }),
);

test(
  'goes on where an earlier process ended, within the same bounds',
  rigTest(async (rig) => {
    let text = '';
    for (let part = 0; part < 9; part++) {
      const more = lines(part * 100_000, 3 * MB);
      const log = new StepLog(rig.dir, 'web');
      log.write(more);
      log.close();
      text += more;
    }

    const read = readStepLog(rig.dir, 'web') ?? '';

    assert.ok(read.startsWith(text.slice(0, MB)));
    assert.ok(read.endsWith(text.slice(-9 * MB)));
    assert.ok(sizeOf(rig.dir) < 16 * MB);
  }),
);

test(
  'is readable by its owner only',
  rigTest(async (rig) => {
    const log = new StepLog(rig.dir, 'web');
    log.write('x'.repeat(2 * MB));
    log.close();

    for (const name of readdirSync(join(rig.dir, 'steps')))
      assert.is(statSync(join(rig.dir, 'steps', name)).mode & 0o777, 0o600);
    assert.is(statSync(join(rig.dir, 'steps')).mode & 0o777, 0o700);
  }),
);

test.run();
