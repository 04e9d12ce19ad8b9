import {existsSync} from 'node:fs';
import {delimiter, join} from 'node:path';

const isHere = (tool: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, tool)));

/**
 * Whether a test can type commands as a person would, with tools such as `dig` and `jq`. Where one is absent it says that
 * tests are skipped; in CI it answers yes all the same, so that they fail.
 */
export const hasTools = (...tools: readonly string[]): boolean => {
  const absent = tools.filter((tool) => !isHere(tool));
  if (absent.length === 0 || process.env.CI === 'true') return true;
  console.error(`SKIPPED: tests that type ${tools.join(', ')} (not installed: ${absent.join(', ')})`);
  return false;
};
