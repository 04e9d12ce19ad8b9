import {appendFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Bench} from '../bench.ts';
import type {BenchCase, Contestant} from '../case.ts';

const STEPS = 10_000;
const MEGABYTE = 1024 * 1024;

/** What nothing but the parser takes. */
const PARSE = `
const {parseDocument} = require(process.argv[2]);
globalThis.kept = parseDocument(require('node:fs').readFileSync(process.argv[3], 'utf8'));
`;

/** The environment of a Node that runs this before all else. */
const first = (code: string): string => `NODE_OPTIONS=--import=data:text/javascript,${encodeURIComponent(code)}`;

const PEAK = first('process.on("exit", () => console.error("peak", process.resourceUsage().maxRSS))');

/** What the main thread has worked, in milliseconds: a busy machine changes that least. Linux tells it. */
const WORKED = first(`
import {readFileSync} from 'node:fs';
process.on('exit', () => console.error('worked', readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0] / 1e6));
`);

/** Assertions take almost no time themselves. */
const steps = (name: string, count: number): string => {
  const step = (index: number): string =>
    `  - {id: s${index}, title: Step ${index}, uses: assert, expect: inputs.n > 0, needs: []}\n`;
  const all = Array.from({length: count}, (_, index) => step(index)).join('');
  return `name: ${name}\ntitle: ${count} steps\ninputs: {n: {type: integer, default: 3}}\nsteps:\n${all}`;
};

const forget = (bench: Bench): void => rmSync(join(bench.dir, '.runbook'), {recursive: true, force: true});

const afresh = (bench: Bench, name: string, line: readonly string[], target?: number): Contestant => ({
  name,
  ...(target === undefined ? {} : {target}),
  measure: async () => {
    forget(bench);
    return (await bench.run([...bench.program, ...line])).ms;
  },
});

/** The most memory that a program has held, in megabytes. */
const peak = async (bench: Bench, line: readonly string[]): Promise<number> => {
  forget(bench);
  const {stderr} = await bench.run(['env', PEAK, ...line]);
  return Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
};

const linear = (bench: Bench, verb: string) => ({
  what: `${verb}: twice the steps`,
  rounds: 3,
  base: afresh(bench, `${STEPS / 2} steps`, [verb, './half.yaml']),
  others: [afresh(bench, `${STEPS} steps`, [verb, './many.yaml'], 2.2)],
});

const above = (bench: Bench, verb: string): Contestant => ({
  name: `runbook ${verb}, above the parser alone`,
  target: 1,
  measure: async () =>
    (await peak(bench, [...bench.program, verb, './many.yaml'])) -
    (await peak(bench, [process.execPath, 'parse.cjs', yaml, 'many.yaml'])),
});

const yaml = join(import.meta.dirname, '../../node_modules/yaml/dist/index.js');

const each = (count: number, step: (n: number) => string): string =>
  Array.from({length: count}, (_, n) => `  - {${step(n)}}\n`).join('');

const ITEMS = Array.from({length: STEPS / 10}, (_, n) => `i${n}`).join(', ');

/** Runs that were interrupted at their last step, each in a state directory of its own, and are to be gone on with. */
const INTERRUPTED: Readonly<Record<string, {readonly about: string; readonly steps: string; readonly until: string}>> =
  {
    shells: {
      about: 'shell steps, which have no check',
      steps: each(STEPS, (n) => `id: s${n}, run: 'true', needs: []`),
      until: `s${STEPS - 1}`,
    },
    assertions: {
      about: 'assertions, each made again',
      steps: each(STEPS, (n) => `id: s${n}, uses: assert, expect: 1 > 0, needs: []`),
      until: `s${STEPS - 1}`,
    },
    files: {
      about: 'files, each read again',
      steps: each(STEPS, (n) => `id: s${n}, uses: file.write, with: {path: out/${n}, content: x}, needs: []`),
      until: `s${STEPS - 1}`,
    },
    items: {
      about: 'ten times a thousand items, each looked at again',
      steps: each(10, (n) => `id: g${n}, foreach: [${ITEMS}], uses: assert, expect: item.key != ''`),
      until: 'g9',
    },
  };

const interrupt = async (bench: Bench): Promise<void> => {
  for (const [name, {steps, until}] of Object.entries(INTERRUPTED)) {
    const last = "  - {id: last, run: 'true'}\n";
    await bench.write({[`${name}.yaml`]: `name: ${name}\ntitle: ${name}\nsteps:\n${steps}${last}`});
    await bench.run([...bench.program, 'run', `./${name}.yaml`, '--state-dir', `.${name}`, '--until', until]);
  }
};

const worked = async (bench: Bench, line: readonly string[]): Promise<number> => {
  const {stderr} = await bench.run(['env', WORKED, ...bench.program, ...line]);
  return Number(/worked ([\d.]+)/.exec(stderr)?.[1]);
};

const goOn = (took: (line: readonly string[]) => Promise<number>): readonly Contestant[] =>
  Object.entries(INTERRUPTED).map(([name, {about}]) => ({
    name: `runbook resume --plan, above runbook validate: ${about}`,
    target: 1,
    measure: async () =>
      (await took(['resume', '--plan', '--state-dir', `.${name}`])) - (await took(['validate', `./${name}.yaml`])),
  }));

const printedFile = (bench: Bench): void => {
  const text = Buffer.from(`${'a line of what a step prints, as long as lines are '.repeat(2)}\n`.repeat(10_000));
  writeFileSync(join(bench.dir, 'printed'), '');
  for (let bytes = 0; bytes < 1024 * MEGABYTE; bytes += text.length) appendFileSync(join(bench.dir, 'printed'), text);
};

export const benchCase: BenchCase = {
  about: `${STEPS} steps, and a step that prints a gigabyte`,

  async comparisons(bench) {
    await bench.write({
      'parse.cjs': PARSE,
      'half.yaml': steps('half', STEPS / 2),
      'many.yaml': steps('many', STEPS),
      'prints.yaml': 'name: prints\ntitle: Prints\nsteps:\n  - {id: cat, run: cat printed}\n',
    });
    printedFile(bench);
    await interrupt(bench);
    const allowed = {name: 'what it may take beyond start and parse', measure: async () => 1000};
    return [
      {
        what: 'go on after an interruption at the last step, by the clock',
        rounds: 3,
        base: allowed,
        others: goOn(async (line) => (await bench.run([...bench.program, ...line])).ms),
      },
      {
        what: 'the same, as processor time of the main thread',
        rounds: 3,
        base: allowed,
        others: process.platform === 'linux' ? goOn((line) => worked(bench, line)) : [],
      },
      linear(bench, 'validate'),
      linear(bench, 'plan'),
      linear(bench, 'run'),
      {
        what: 'memory',
        unit: 'MB',
        rounds: 3,
        base: {name: 'what it may take above the parser', measure: async () => 100},
        others: ['validate', 'plan', 'run'].map((verb) => above(bench, verb)),
      },
      {
        what: 'a gigabyte of output',
        rounds: 3,
        base: bench.timed('cat, through a pipe, to a file', ['sh', '-c', 'cat printed | cat > copy']),
        others: [afresh(bench, 'runbook run', ['run', './prints.yaml'], 2)],
      },
    ];
  },
};
