import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {lstat, readdir, readFile, readlink} from 'node:fs/promises';
import {join} from 'node:path';
import type {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {spawnPiped} from './piped.ts';

/** One line of `.dockerignore`. */
interface Rule {
  readonly pattern: RegExp;
  readonly ignores: boolean;
}

const GLOB: Readonly<Record<string, string>> = {'**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]'};

const toPattern = (glob: string): RegExp => {
  const clean = glob.replace(/^\.?\/+/, '').replace(/\/+$/, '');
  const source = clean.replace(/\*\*\/|\*\*|\*|\?|[.+^${}()|\\]/g, (part) => GLOB[part] ?? `\\${part}`);
  // What is in an ignored folder is ignored with it.
  return new RegExp(`^${source}(?:/.*)?$`, 's');
};

const readRules = async (dir: string): Promise<Rule[]> => {
  const text = await readFile(join(dir, '.dockerignore'), 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({pattern: toPattern(line.replace(/^!\s*/, '')), ignores: !line.startsWith('!')}));
};

// The last rule that matches decides.
const isIgnored = (path: string, rules: readonly Rule[]): boolean =>
  rules.findLast(({pattern}) => pattern.test(path))?.ignores ?? false;

/** The files and folders that the daemon gets for a build, relative to the folder, sorted. */
export const listContext = async (dir: string, dockerfile: string): Promise<string[]> => {
  const rules = await readRules(dir);
  const all = await readdir(dir, {recursive: true});
  return all.filter((path) => path === dockerfile || !isIgnored(path, rules)).sort();
};

/** Changes exactly when something changes that the build can see. */
export const hashContext = async (dir: string, files: readonly string[], settings: unknown): Promise<string> => {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const path of files) {
    const full = join(dir, path);
    const found = await lstat(full);
    hash.update(`\0${path}\0${found.mode}\0${found.isFile() ? found.size : ''}\0`);
    if (found.isSymbolicLink()) hash.update(await readlink(full));
    if (found.isFile()) await pipeline(createReadStream(full), hash, {end: false});
  }
  return hash.digest('hex');
};

/** The files as a tar archive. */
export const packContext = (dir: string, files: readonly string[], signal: AbortSignal): Readable => {
  const args = ['-C', dir, '-c', '-f', '-', '--null', '--no-recursion', '-T', '-'];
  const tar = spawnPiped('tar', args, {signal});
  tar.stdin.on('error', () => {});
  tar.stdin.end(files.map((path) => `./${path}\0`).join(''));
  let complaint = '';
  tar.stderr.on('data', (chunk) => (complaint += chunk));
  tar.on('error', (error) => tar.stdout.destroy(error));
  tar.on('close', (code) => {
    if (code) tar.stdout.destroy(new Error(`tar: ${complaint.trim()}`));
  });
  return tar.stdout;
};
