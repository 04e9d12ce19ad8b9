#!/usr/bin/env node
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {KeptCode} from './kept-code.ts';

// Starts the built program: `build.ts` makes a few files of it, each of which is loaded when another one asks for it.

interface Module {
  exports: object;
}
type Body = (exports: object, require: (name: string) => unknown, module: Module, file: string, folder: string) => void;

/** How a call ends that could not be understood. */
const USAGE = 2;

/** What tells this build from others; `build.ts` puts it in. */
declare const BUILD: string;

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, 'bundles');
const nodeRequire = createRequire(import.meta.url);
const loaded = new Map<string, Module>();

const args = process.argv.slice(2);
const [word = ''] = args;
const code = new KeptCode({beside: here, build: BUILD, word: /^[a-z]+$/.test(word) ? word : ''});

/** Node's own modules that take long to load: that happens when something of them is used. */
const LATE: ReadonlySet<string> = new Set(
  ['child_process', 'crypto', 'dns/promises', 'http', 'https', 'readline', 'vm', 'worker_threads', 'zlib'].map(
    (name) => `node:${name}`,
  ),
);

const late = (name: string): unknown => {
  let module: Record<string | symbol, unknown> | undefined;
  return new Proxy({}, {get: (_, key) => (module ??= nodeRequire(name) as Record<string | symbol, unknown>)[key]});
};

const load = (name: string): unknown => {
  if (LATE.has(name)) return late(name);
  if (!name.startsWith('./')) return nodeRequire(name);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module: Module = {exports: {}};
  loaded.set(name, module);
  const file = join(folder, name);
  const body = code.compile(file) as Body;
  body(module.exports, load, module, file, folder);
  return module.exports;
};

// Only Node's own loader reads source maps.
if (args.includes('--debug')) {
  process.setSourceMapsEnabled(true);
  nodeRequire(join(folder, 'main.cjs'));
} else {
  // a word that is no command gets none
  process.on('exit', (exit) => exit !== USAGE && code.keep());
  load('./main.cjs');
}
