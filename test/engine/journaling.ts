import {readFileSync} from 'node:fs';
import type {Entry, Stamped} from '../../engine/entries.ts';
import {JournalWriter} from '../../engine/journal-writer.ts';
import {RUN_STARTED} from '../run-started.ts';

/** An entry with a value of its own. */
export const remembered = (value: string): Entry => ({type: 'remembered', step: 'a', name: 'n', value});

/** The values of such entries, and the types of all others. */
export const valuesOf = (entries: readonly Stamped[]): unknown[] =>
  entries.map((entry) => (entry.type === 'remembered' ? entry.value : entry.type));

/** Writes a journal with an entry for each value, and gives back its bytes. */
export const write = async (file: string, values: readonly string[]): Promise<Buffer> => {
  const journal = JournalWriter.create(file);
  await journal.append(RUN_STARTED);
  for (const value of values) await journal.append(remembered(value));
  journal.close();
  return readFileSync(file);
};
