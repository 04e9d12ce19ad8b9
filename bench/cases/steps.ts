import {copyFileSync, mkdirSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Bench} from '../bench.ts';
import type {BenchCase} from '../case.ts';

const SHELL_STEPS = 200;
const INDEPENDENT_STEPS = 1000;
const OWN_STEPS = 1000;

const runbook = (name: string, count: number, step: (index: number) => string): string =>
  `name: ${name}\ntitle: ${count} steps\ninputs: {n: {type: integer, default: 3}}\nsteps:\n${Array.from(
    {length: count},
    (_, index) => `  - {id: s${index}, ${step(index)}}\n`,
  ).join('')}`;

/** What each kind of step needs at the least: entries on disk, and what it does itself. Nothing is checked or kept. */
const BARE = `
const {spawn} = require('node:child_process');
const fs = require('node:fs');
const [, , kind, count] = process.argv;
const folder = 'bare-' + process.pid;
fs.mkdirSync(folder);
const journal = fs.openSync(folder + '.jsonl', 'w');
const entry = Buffer.from(JSON.stringify({entry: 'x'.repeat(350)}) + '\\n');
const sync = () => { fs.writeSync(journal, entry); fs.fdatasyncSync(journal); };
const shell = () => new Promise((resolve) => {
  const child = spawn('sh', ['-eu', '-c', 'true'], {detached: true, stdio: ['ignore', 'pipe', 'pipe']});
  for (const stream of [child.stdout, child.stderr]) stream.on('data', () => {});
  child.once('close', resolve);
});
const put = (file) => {
  const draft = fs.openSync(file + '.new', 'wx');
  fs.writeSync(draft, 'x');
  fs.fsyncSync(draft);
  fs.closeSync(draft);
  fs.renameSync(file + '.new', file);
  const names = fs.openSync(folder, 'r');
  fs.fsyncSync(names);
  fs.closeSync(names);
};
const steps = {
  shell: async () => { sync(); await shell(); sync(); },
  file: (n) => { sync(); put(folder + '/f' + n); },
};
(async () => {
  const begun = performance.now();
  for (let n = 0; n < count; n++) await steps[kind](n);
  console.log((performance.now() - begun) / count);
})();
`;

let rounds = 0;

/** In a folder of its own, and none is removed in between: where many files were, ext4 takes longer to make others. */
const runAside = async (bench: Bench, name: string, more: readonly string[]): Promise<{folder: string; ms: number}> => {
  const folder = `round-${++rounds}`;
  mkdirSync(join(bench.dir, folder));
  copyFileSync(join(bench.dir, `${name}.yaml`), join(bench.dir, folder, `${name}.yaml`));
  const line = ['run', `./${folder}/${name}.yaml`, '--state-dir', `${folder}/.runbook`, '--json', ...more];
  const {stdout} = await bench.run([...bench.program, ...line]);
  const {durationMs: ms} = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {durationMs: number};
  return {folder, ms};
};

/** Milliseconds a step, without the start of the program and the reading of the file. */
const perStep = async (bench: Bench, name: string, count: number, more: readonly string[] = []): Promise<number> =>
  (await runAside(bench, name, more)).ms / count;

const bare = async (bench: Bench, kind: 'shell' | 'file', count: number): Promise<number> =>
  Number((await bench.run([process.execPath, 'bare.cjs', kind, String(count)])).stdout);

/** What it takes beyond bare Node that writes the same file, and an entry with one sync, as each of our steps does. */
const beyondBare = async (bench: Bench): Promise<number> =>
  (await perStep(bench, 'file', OWN_STEPS)) - (await bare(bench, 'file', OWN_STEPS));

/** The journal's size a step, in bytes. */
const journalBytes = async (bench: Bench, name: string, count: number): Promise<number> => {
  const {folder} = await runAside(bench, name, []);
  const runs = join(bench.dir, folder, '.runbook/runs');
  return readFileSync(join(runs, readdirSync(runs)[0] ?? '', 'journal.jsonl')).length / count;
};

export const benchCase: BenchCase = {
  about: 'what a step costs beyond what it does',

  async comparisons(bench) {
    await bench.write({
      'bare.cjs': BARE,
      'shell.yaml': runbook('shell', SHELL_STEPS, () => 'run: "true"'),
      'independent.yaml': runbook('independent', INDEPENDENT_STEPS, () => 'run: "true", needs: []'),
      'assert.yaml': runbook('assert', OWN_STEPS, () => 'uses: assert, expect: inputs.n > 0'),
      'file.yaml': runbook('file', OWN_STEPS, (index) => `uses: file.write, with: {path: out/f${index}, content: x}`),
    });
    const loop = `i=0; while [ $i -lt ${SHELL_STEPS} ]; do sh -c true; i=$((i + 1)); done`;
    return [
      {
        what: 'a shell step: true',
        unit: 'ms a step',
        base: {
          name: 'bare Node: two fdatasyncs, the same spawn',
          measure: () => bare(bench, 'shell', SHELL_STEPS),
        },
        others: [
          {
            name: 'sh: sh -c true, nothing kept',
            measure: async () => (await bench.run(['sh', '-c', loop])).ms / SHELL_STEPS,
          },
          {name: 'runbook, one after the other', target: 1.3, measure: () => perStep(bench, 'shell', SHELL_STEPS)},
          {
            name: 'runbook, independent',
            target: 1,
            measure: () => perStep(bench, 'independent', INDEPENDENT_STEPS),
          },
          {
            name: 'runbook, independent, --concurrency 16',
            target: 1,
            measure: () => perStep(bench, 'independent', INDEPENDENT_STEPS, ['--concurrency', '16']),
          },
        ],
      },
      {
        what: 'a step within the process',
        unit: 'ms a step',
        base: {name: 'what it may take beyond its syncs', measure: async () => 0.5},
        others: [
          {name: 'runbook: assert, syncs and all', target: 1, measure: () => perStep(bench, 'assert', OWN_STEPS)},
          {name: 'runbook: file.write, beyond its syncs', target: 1, measure: () => beyondBare(bench)},
        ],
      },
      {
        what: 'what a step leaves in the journal',
        unit: 'bytes',
        rounds: 1,
        base: {name: 'what it may leave', measure: async () => 1024},
        others: [
          {name: 'assert', target: 1, measure: () => journalBytes(bench, 'assert', OWN_STEPS)},
          {name: 'shell', target: 1, measure: () => journalBytes(bench, 'shell', SHELL_STEPS)},
          {name: 'file.write', target: 1, measure: () => journalBytes(bench, 'file', OWN_STEPS)},
        ],
      },
    ];
  },
};
