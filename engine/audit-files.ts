import {existsSync, lstatSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {messageOf} from './errors.ts';
import type {RunState} from './state.ts';
import {loggedSteps, partOf, segmentsOf, startOf} from './step-log.ts';
import type {Store} from './store.ts';

/** What there is to search. */
export interface Artefacts {
  readonly files: readonly string[];
  /** Files that are one text in truth, cut in two. */
  readonly borders: readonly (readonly [file: string, next: string])[];
  /** What can't be looked into. */
  readonly unread: readonly Unread[];
}

export interface Unread {
  readonly file: string;
  readonly why: string;
}

/** All that a run leaves: what is in the state directory, and what is named besides. */
export const artefactsOf = (store: Store, {run}: RunState, also: readonly string[]): Artefacts => {
  const own = store.folderOf(run);
  const unread: Unread[] = [];
  const shared = readdirSync(store.dir)
    // other runs have secrets of their own; the key is random, and nothing is made of it but by this program
    .filter((name) => name !== 'runs' && name !== 'key')
    .map((name) => join(store.dir, name));
  const files = [own, ...shared, ...also].flatMap((path) => filesIn(path, unread));
  return {files: [...new Set(files)], borders: bordersIn(own), unread};
};

const filesIn = (path: string, unread: Unread[]): readonly string[] => {
  try {
    const isFolder = statSync(path).isDirectory();
    if (!isFolder) return [path];
    return readdirSync(path).flatMap((name) => {
      const inner = join(path, name);
      const found = lstatSync(inner);
      // a link may lead anywhere, also back; sockets hold nothing
      if (found.isSymbolicLink() && existsSync(inner) && statSync(inner).isDirectory()) {
        unread.push({file: inner, why: 'it is a link to a folder'});
        return [];
      }
      return found.isSocket() ? [] : filesIn(inner, unread);
    });
  } catch (error) {
    unread.push({file: path, why: messageOf(error)});
    return [];
  }
};

/** The head of a long log and its segments, as far as nothing between them was left out. */
const bordersIn = (folder: string): Artefacts['borders'] =>
  loggedSteps(folder).flatMap((step) => {
    const parts = [
      {file: partOf(folder, step, 'log'), from: 0},
      ...segmentsOf(folder, step).map((index) => ({file: partOf(folder, step, `tail${index}`), from: startOf(index)})),
    ];
    return parts.slice(1).flatMap(({file, from}, index) => {
      const before = parts[index];
      if (before === undefined) return [];
      const follows = before.from + (statSync(before.file, {throwIfNoEntry: false})?.size ?? 0) === from;
      return follows ? [[before.file, file] as const] : [];
    });
  });
