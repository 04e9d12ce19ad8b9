import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {basename, dirname, extname, join, resolve} from 'node:path';
import {packageRoot} from './package.ts';

/** A runbook that can be named: found, not read. */
export interface Listed {
  readonly name: string;
  readonly title: string;
  readonly file: string;
  readonly from: 'here' | 'shipped';
}

const EXTENSIONS = ['.yaml', '.yml'];

/** The folders that names are looked up in, the operator's own first. */
export const folders = (cwd: string): readonly {readonly path: string; readonly from: Listed['from']}[] => {
  const here = join(cwd, 'runbooks');
  const shipped = join(packageRoot(), 'runbooks');
  return here === shipped
    ? [{path: shipped, from: 'shipped'}]
    : [
        {path: here, from: 'here'},
        {path: shipped, from: 'shipped'},
      ];
};

/** Whether an argument is meant as a path and not as a name. */
export const isPath = (text: string): boolean => text.includes('/') || EXTENSIONS.includes(extname(text));

/** The file of a runbook: a path as it is, a name looked up. Undefined when no folder has that name. */
export const findRunbook = (text: string, cwd: string): string | undefined => {
  if (isPath(text)) return resolve(cwd, text);
  return inFolders(
    text,
    folders(cwd).map(({path}) => path),
  );
};

/** A runbook that another one names: beside it, then by name as above. A path starts at the other's folder. */
export const findChild = (text: string, from: string, cwd: string): string | undefined => {
  const beside = dirname(from);
  if (isPath(text)) {
    const file = resolve(beside, text);
    return existsSync(file) ? file : undefined;
  }
  return inFolders(text, [beside, ...folders(cwd).map(({path}) => path)]);
};

const inFolders = (name: string, paths: readonly string[]): string | undefined =>
  paths
    .flatMap((path) => EXTENSIONS.map((extension) => join(path, name + extension)))
    .find((file) => statSync(file, {throwIfNoEntry: false})?.isFile());

/** All runbooks that have a name here; the operator's own hide shipped ones of the same name. */
export const listRunbooks = (cwd: string): Listed[] => {
  const found = new Map<string, Listed>();
  for (const {path, from} of folders(cwd)) {
    for (const file of filesOf(path)) {
      const name = basename(file, extname(file));
      if (!found.has(name)) found.set(name, {name, title: titleOf(file), file, from});
    }
  }
  return [...found.values()];
};

const filesOf = (folder: string): string[] => {
  try {
    const entries = readdirSync(folder, {withFileTypes: true});
    return entries
      .filter((entry) => !entry.isDirectory() && EXTENSIONS.includes(extname(entry.name)))
      .map((entry) => join(folder, entry.name))
      .sort();
  } catch {
    return [];
  }
};

/** The title as far as it can be told without reading the file as a runbook: a broken one is listed, too. */
const titleOf = (file: string): string => {
  try {
    if (!statSync(file).isFile()) return '';
    const line = /^title:[ \t]*(.+)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.trim() ?? '';
    return /^[|>]/.test(line) ? '' : line.replace(/^(["'])(.*)\1$/, '$2').replace(/\s+#.*$/, '');
  } catch {
    return '';
  }
};
