import type {Entry} from '../engine/entries.ts';
import {JOURNAL_VERSION} from '../engine/journal.ts';

/** The entry that a journal begins with, of a run that was given nothing. */
export const RUN_STARTED = {
  type: 'run-started',
  journal: JOURNAL_VERSION,
  run: 'r',
  runbook: 'test',
  file: '/test.yaml',
  cwd: '/',
  program: '1',
  inputs: {},
  secrets: {},
  env: {},
  envFiles: [],
  selection: {},
} as const satisfies Entry;
