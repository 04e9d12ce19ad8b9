import {register} from 'node:module';

// Loaded before a program, it writes down which modules are loaded: to the file that RUNBOOK_TEST_LOADS names.
const notes = `
import {appendFileSync} from 'node:fs';
export const initialize = (file) => { globalThis.file = file; };
export const load = (url, context, next) => {
  appendFileSync(globalThis.file, url + '\\n');
  return next(url, context);
};
`;
register(`data:text/javascript,${encodeURIComponent(notes)}`, {data: process.env.RUNBOOK_TEST_LOADS});
