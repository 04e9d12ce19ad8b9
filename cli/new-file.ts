import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import type {Workshop} from './workshop.ts';

/** Writes a file that is not there yet. */
export const writeNew = (file: string, text: string, engine: Workshop['engine']): void => {
  try {
    mkdirSync(dirname(file), {recursive: true});
    writeFileSync(file, text, {flag: 'wx'});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new engine.RunbookError({
        code: 'file-exists',
        message: `there is a file ${file} already, and nothing is overwritten`,
        next: ['choose another name, or move that file away'],
      });
    throw new engine.RunbookError({
      code: 'file-failed',
      message: `can't write the runbook: ${engine.messageOf(error)}`,
      next: ['choose another place'],
    });
  }
};
