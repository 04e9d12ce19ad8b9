import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {isMap, isSeq, LineCounter, parseDocument} from 'yaml';
import type {Problem} from '../../engine/index.ts';
import type {Workshop} from '../workshop.ts';
import type {Draft} from './sketch.ts';
import {toPerson, toShell} from './sketch.ts';

const ROUNDS = 4;

/** What the engine says of a text, without leaving a file. */
export const problemsOf = async (text: string, {engine, loadOptions}: Workshop): Promise<readonly Problem[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-import-'));
  try {
    const file = join(folder, 'runbook.yaml');
    writeFileSync(file, text.replace(/^name: .*\n/m, '\n'));
    return await engine.validateFile(file, loadOptions);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
};

/** Steps that the engine would refuse become lines of shell, and what no script can say a person's work. */
export const repaired = async (draft: Draft, write: () => string, workshop: Workshop): Promise<string> => {
  for (let round = 0; round < ROUNDS; round++) {
    const problems = await problemsOf(write(), workshop);
    if (problems.length === 0) return write();
    const ranges = stepLines(write());
    for (const [index, sketch] of draft.steps.entries()) {
      const [from = 0, to = 0] = ranges[index] ?? [];
      const own = problems.find(({place}) => place !== undefined && place.line >= from && place.line < to);
      if (own === undefined) continue;
      const why = own.message.replace(/^step "[^"]*": /, '');
      if (sketch.uses === 'shell' && sketch.expect !== undefined) delete sketch.expect;
      else if (sketch.uses === 'shell') toPerson(sketch, `a person has to do it as long as this is so: ${why}`);
      else toShell(sketch, `it stays a shell step: ${why}`);
    }
  }
  return write();
};

/** The first line of each step, and that of what comes after it. */
const stepLines = (text: string): (readonly [number, number])[] => {
  const counter = new LineCounter();
  const {contents} = parseDocument(text, {lineCounter: counter});
  const steps = isMap(contents) ? contents.get('steps', true) : undefined;
  if (!isSeq(steps)) return [];
  return steps.items.map((item) => {
    const [start = 0, , end = 0] = (item as {range?: readonly number[]}).range ?? [];
    return [counter.linePos(start).line, counter.linePos(end).line + (text.length === end ? 1 : 0)] as const;
  });
};
