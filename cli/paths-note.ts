import {packageRoot} from './package.ts';

/** A path that begins in a folder that is not the reader's own. */
const RELATIVE = /(?:^|[\s'"=])(?:\.\.\/|env\/)[\w./-]+/m;

/**
 * Where the paths in some commands begin, for a reader of a runbook that lies elsewhere; undefined where that needs no word.
 * @param pathsFrom as the engine gives it
 */
export const pathsNote = (pathsFrom: string | undefined, commands: readonly string[]): string | undefined => {
  if (pathsFrom === undefined || !commands.some((command) => RELATIVE.test(command))) return undefined;
  return pathsFrom === packageRoot()
    ? 'Paths in the commands begin in the folder of the package: cd "$(npm root)/runbook-engine"'
    : 'Paths in the commands begin in the folder of the runbook, or in the one above it where that is called runbooks';
};
