import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import * as assert from 'uvu/assert';
import {CODES, type Code} from '../../engine/errors.ts';
import {type CallOptions, type CliRig, type Ended, program} from '../cli-rig.ts';

/** A run that can be resumed, and another one beside it that is done. */
const TREE = {
  'other.yaml': `name: other
steps:
  - id: note
    uses: file.write
    with: {path: other.txt, content: other}
`,
  'main.yaml': `name: main
inputs:
  pw: {secret: true, default: hunter22}
steps:
  - id: one
    uses: file.write
    with: {path: out/one, content: "1"}
  - id: two
    run: echo two; test -n \${{ inputs.pw }}
    verify: [{run: test -d out, effect: reads}]
    undo: {run: "true"}
  - id: three
    run: test -e go
`,
};

/** Where a test damages something: the runs by name, and the journal that is damaged. */
export interface Scene {
  readonly rig: CliRig;
  readonly main: string;
  readonly other: string;
  readonly file: string;
  readonly bytes: Buffer;
}

const runOf = ({stdout}: Ended): string => /"run":"([^"]+)"/.exec(stdout)?.[1] ?? '';

/** Makes the two runs. */
export const stage = async (rig: CliRig): Promise<Scene> => {
  await rig.write(TREE);
  const other = runOf(await rig.runbook(['run', './other.yaml', '--json']));
  const main = runOf(await rig.runbook(['run', './main.yaml', '--json']));
  const file = join(rig.dir, '.runbook/runs', main, 'journal.jsonl');
  return {rig, main, other, file, bytes: readFileSync(file)};
};

/** Options of a call that is wrapped in another command. */
export const options = (around: readonly string[]): CallOptions => {
  const [file = '', ...rest] = [...around, ...program];
  return {command: [file, ...rest]};
};

/** Sees that a call fails with a code, says where or what, and what to do, and that this is all. */
export const fails = async (
  rig: CliRig,
  args: readonly string[],
  code: Code,
  around: readonly string[] = [],
): Promise<string> => {
  const ended = await rig.runbook(args, options(around));
  const what = `${args.join(' ')}: ${ended.stdout}${ended.stderr}`;
  assert.is(ended.code, CODES[code], what);
  assert.match(ended.stderr, new RegExp(`✖ .*\\[${code}\\]`), what);
  assert.match(ended.stderr, /^ {2}next {6}\S/m, what);
  assert.not.match(ended.stderr, /internal error|^\s+at /m, what);
  return ended.stderr;
};
