import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {isSoak, SEED, seeded} from '../random.ts';
import {filesLeft, inPairs, type KillCase, momentsOf, trial, undoTrial} from './killing.ts';

const test = suite('kill, of runbooks made at random');

type Next = () => number;

const pick = <T>(next: Next, all: readonly T[]): T => all[Math.floor(next() * all.length)] as T;

/** One step of some kind; what it makes is named after it, and every act leaves a line in `acts`. */
interface Made {
  readonly yaml: string;
  readonly once?: boolean;
  /** Files that it makes, with what they hold. */
  readonly effects: Readonly<Record<string, string>>;
}

const lines = (id: string, needs: string, ...rest: readonly string[]): string =>
  [`  - id: ${id}`, ...(needs === '' ? [] : [`    needs: ${needs}`]), ...rest.map((line) => `    ${line}`)].join('\n');

const acts = (id: string): string => `echo ${id} >> acts`;

const KINDS: Readonly<Record<string, (id: string, needs: string, before: readonly string[]) => Made>> = {
  plain: (id, needs) => ({
    yaml: lines(id, needs, `run: "${acts(id)}; echo x > out-${id}"`, `undo: {run: rm -f out-${id}}`),
    effects: {[`out-${id}`]: 'x\n'},
  }),
  slow: (id, needs) => ({
    yaml: lines(
      id,
      needs,
      `run: "${acts(id)}; sleep 0.1; mkdir out-${id}; sleep 0.1"`,
      `verify: [{run: test -d out-${id}, effect: reads}]`,
      `undo: {run: rmdir out-${id}}`,
    ),
    effects: {},
  }),
  late: (id, needs) => ({
    yaml: lines(
      id,
      needs,
      `run: "${acts(id)}; (sleep 0.2; echo x > out-${id}) >/dev/null 2>&1 &"`,
      `verify: [{run: grep -q x out-${id}, effect: reads}]`,
      'within: 20s',
      `undo: {run: rm -f out-${id}}`,
    ),
    effects: {[`out-${id}`]: 'x\n'},
  }),
  pay: (id, needs) => ({
    yaml: lines(id, needs, `run: "sleep 0.05; ${acts(id)}"`, 'effect: once'),
    once: true,
    effects: {},
  }),
  paySeen: (id, needs) => ({
    yaml: lines(
      id,
      needs,
      `run: "${acts(id)}; echo x > out-${id}"`,
      'effect: once',
      `verify: [{run: test -s out-${id}, effect: reads}]`,
      `undo: {run: rm -f out-${id}}`,
    ),
    once: true,
    effects: {[`out-${id}`]: 'x\n'},
  }),
  file: (id, needs) => ({
    yaml: lines(id, needs, 'uses: file.write', `with: {path: out-dir/${id}, content: ${id}}`),
    effects: {[`out-dir/${id}`]: id},
  }),
  files: (id, needs) => ({
    yaml: lines(
      id,
      needs,
      'uses: file.write',
      'foreach: {a: "1", b: "2", "c/d": "3"}',
      `with: {path: "out-${id}/deep/\${{ item.key }}", content: "\${{ item.value }}"}`,
    ),
    effects: {[`out-${id}/deep/a`]: '1', [`out-${id}/deep/b`]: '2', [`out-${id}/deep/c/d`]: '3'},
  }),
  shells: (id, needs) => ({
    yaml: lines(
      id,
      needs,
      'foreach: [a, b]',
      `run: "echo '${id}['\${{ item.key }}']' >> acts; echo x > out-${id}-\${{ item.key }}"`,
      `undo: {run: "rm -f out-${id}-\${{ item.key }}"}`,
    ),
    effects: {[`out-${id}-a`]: 'x\n', [`out-${id}-b`]: 'x\n'},
  }),
  flaky: (id, needs) => ({
    yaml: lines(
      id,
      needs,
      `run: "test -e out-${id} || { touch out-${id}; exit 1; }; ${acts(id)}"`,
      'retry: {attempts: 3, delay: 5ms}',
      `undo: {run: rm -f out-${id}}`,
    ),
    effects: {[`out-${id}`]: ''},
  }),
  when: (id, needs) => ({
    yaml: lines(id, needs, `when: "${id.length % 2 === 0}"`, `run: "${acts(id)}"`),
    effects: {},
  }),
  look: (id, needs) => ({
    yaml: lines(id, needs, 'run: cat kill.yaml | wc -l', 'effect: reads', 'expect: result.exitCode == 0'),
    effects: {},
  }),
  reader: (id, needs, before) => {
    const [source] = before;
    const value = source === undefined ? 'nothing' : `\${{ steps.${source}.outputs.stdout }}`;
    return {
      yaml: lines(id, needs, `run: "${acts(id)}; printf %s ${value} > out-${id}"`, `undo: {run: rm -f out-${id}}`),
      effects: source === undefined ? {[`out-${id}`]: 'nothing'} : {[`out-${id}`]: `said-${source}\n`},
    };
  },
  teller: (id, needs) => ({yaml: lines(id, needs, `run: "${acts(id)}; echo said-${id}"`), effects: {}}),
  guarded: (id, needs) => ({
    yaml: lines(
      id,
      needs,
      `run: "${acts(id)}; echo x > out-${id}"`,
      `verify: [{run: test -f out-${id}, effect: reads}]`,
      'check_first: true',
      `undo: {run: rm -f out-${id}}`,
    ),
    effects: {[`out-${id}`]: 'x\n'},
  }),
  tidy: (id, needs) => ({yaml: lines(id, needs, `run: "${acts(id)}"`, 'always: true'), effects: {}}),
};

/** A runbook of steps of any kind, which need any of those before them. */
const madeAtRandom = (next: Next): KillCase => {
  const ids: string[] = [];
  const tellers: string[] = [];
  const steps: Made[] = [];
  const chosen: string[] = [];
  for (let index = 0; index < 4 + Math.floor(next() * 7); index++) {
    const kind = pick(next, Object.keys(KINDS));
    const id = `${kind.toLowerCase()}${index}`;
    const earlier = ids.filter(() => next() < 0.3);
    const needs = next() < 0.5 || ids.length === 0 ? '' : `[${earlier.join(', ')}]`;
    const make = KINDS[kind];
    if (make === undefined) throw new Error(kind);
    steps.push(make(id, needs, tellers.length === 0 ? [] : [pick(next, tellers)]));
    if (kind === 'teller') tellers.push(id);
    ids.push(id);
    chosen.push(id);
  }
  const yaml = ['name: kill', 'title: Made at random', 'steps:', ...steps.map((step) => step.yaml), ''].join('\n');
  const effects = Object.assign({}, ...steps.map((step) => step.effects)) as Record<string, string>;
  const one: KillCase = {
    name: chosen.join(' '),
    files: {'kill.yaml': yaml},
    once: ids.filter((_, index) => steps[index]?.once === true),
    async exists(rig) {
      for (const [file, text] of Object.entries(effects)) assert.is(await rig.read(file), text, file);
    },
    left: async (rig) => filesLeft(rig.dir, one),
  };
  return one;
};

test('at any moment leaves a run that resumes, whatever it consists of', async () => {
  const next = seeded(SEED + 5);
  const moment = await momentsOf(next);
  const count = Number(process.env.RUNBOOK_TEST_KILLS ?? (isSoak ? 300 : 6));

  await inPairs(
    Array.from({length: count}, () => {
      const one = madeAtRandom(next);
      const resumes = next() < 0.4 ? [moment(500)] : [];
      const kills = {run: moment(700), resumes, ...(next() < 0.3 && {undo: moment(400)})};
      return next() < 0.2 ? () => undoTrial(one, kills.run) : () => trial(one, kills);
    }),
  );
});

test.run();
