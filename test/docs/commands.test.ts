import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {loadShipped, planOffline} from '../shipped.ts';
import {readProject, tableUnder} from './blocks.ts';

const test = suite('docs/commands.md');

const rows = tableUnder(readProject('docs/commands.md'), '#').map(
  ([number = '', then = '', steps = '', today = '', check = '', undo = '']) => {
    const [runbook = '', ids = ''] = steps.split(': ');
    return {number: Number(number), then, runbook, steps: ids.split(', '), today, check, undo};
  },
);

/** Which runbook has which of the tutorial's commands, up to and with this number. */
const PARTS: readonly (readonly [number, string])[] = [
  [5, 'preflight'],
  [16, 'dev-token-cluster'],
  [19, 'cleanup'],
  [33, 'consul-cluster'],
  [42, 'deploy-webapp'],
];

/** Each step of a runbook with its command line, by its key, where Docker can't be reached. */
const linesOf = async (name: string): Promise<Map<string, string>> => {
  const {steps} = await planOffline(await loadShipped(`${name}.yaml`));
  return new Map(steps.map(({key, command}) => [key, command.replace(/ \\\n\s*/g, ' ')]));
};

/** Whether a key is that of a step, of one of its items, or of a step of its child. */
const isOf = (key: string, id: string): boolean => key === id || key.startsWith(`${id}.`) || key.startsWith(`${id}[`);

/** Whether this is the line, but for what `…` leaves out. */
const isShortFor = (short: string, line: string): boolean => {
  const parts = short.split('…').map((part) => part.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`).test(line.trim()) || line.split('\n').includes(short);
};

test('has all 42 commands in their order, each in the runbook of its part', () => {
  assert.equal(
    rows.map(({number}) => number),
    Array.from({length: 42}, (_, index) => index + 1),
  );
  for (const {number, runbook} of rows) {
    assert.is(runbook, PARTS.find(([last]) => number <= last)?.[1], `command ${number}`);
  }
});

test('says of each what was typed, what proves it and what takes it back', () => {
  for (const {number, then, check, undo} of rows)
    for (const cell of [then, check, undo]) assert.ok(cell.length > 5, `command ${number}`);
});

for (const [, name] of PARTS) {
  test(`names steps that ${name} has, and lines that they show`, async () => {
    const lines = await linesOf(name);
    for (const {number, steps, today} of rows.filter(({runbook}) => runbook === name)) {
      const own = [...lines].filter(([key]) => steps.some((id) => isOf(key, id)));
      for (const id of steps) {
        assert.ok(
          own.some(([key]) => isOf(key, id)),
          `command ${number}: ${name} has no step ${id}`,
        );
      }
      assert.ok(
        own.some(([, line]) => isShortFor(today, line)),
        `command ${number}: no such line: ${today}\n${own.map(([key, line]) => `${key}: ${line}`).join('\n')}`,
      );
    }
  });
}

test.run();
