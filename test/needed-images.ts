import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {IMAGES} from './docker-engine.ts';

const here = dirname(fileURLToPath(import.meta.url));
// it names them all, for everybody
const definitions = join(here, 'docker-engine.ts');

/** A file's text, and that of all that it imports from the tests. */
const textOf = (file: string, seen: Set<string>): string => {
  if (seen.has(file) || file === definitions || !file.startsWith(here)) return '';
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  const imported = [...text.matchAll(/ from '(\.[^']+\.ts)'/g)].map(([, path = '']) => resolve(dirname(file), path));
  return [text, ...imported.map((path) => textOf(path, seen))].join('\n');
};

/** The images that the test files whose path matches name, so that they are built before the first test's time begins. */
export const neededImages = (pattern: string): string[] => {
  const seen = new Set<string>();
  const text = readdirSync(here, {recursive: true})
    .map(String)
    .filter((path) => new RegExp(pattern, 'i').test(path))
    .map((path) => textOf(join(here, path), seen))
    .join('\n');
  return Object.keys(IMAGES).filter((image) => text.includes(`'${image}'`));
};
