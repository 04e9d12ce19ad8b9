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
/** Only Node's own loader reads source maps. */
const isDebugged = args.includes('--debug');
const code = new KeptCode({beside: here, build: BUILD, word: /^[a-z]+$/.test(word) ? word : ''});

/** Node's own modules that take long to load: that happens when something of them is used. */
const LATE: ReadonlySet<string> = new Set(
  [
    ...['child_process', 'crypto', 'dgram', 'dns/promises', 'fs/promises', 'http', 'https', 'os', 'readline'],
    ...['timers/promises', 'v8', 'vm', 'worker_threads', 'zlib'],
  ].map((name) => `node:${name}`),
);

const late = (name: string): unknown => {
  let module: Record<string | symbol, unknown> | undefined;
  return new Proxy({}, {get: (_, key) => (module ??= nodeRequire(name) as Record<string | symbol, unknown>)[key]});
};

/**
 * What V8 begins to optimize during a short command is not ready before it ends, and takes a quarter of its time where no
 * other core is idle. Not before all code is read: V8 reads none that was kept with other flags, neither ours nor Node's.
 */
const optimizeLater = (): void =>
  (nodeRequire('node:v8') as typeof import('node:v8')).setFlagsFromString('--interrupt-budget=300000');

const load = (name: string): unknown => {
  if (LATE.has(name)) return late(name);
  if (!name.startsWith('./')) return nodeRequire(name);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module: Module = {exports: {}};
  loaded.set(name, module);
  const file = join(folder, name);
  const body = (isDebugged ? nodeRequire(file) : code.compile(file)) as Body;
  if (name === './program.cjs' && word === 'validate' && code.isWhole) optimizeLater();
  body(module.exports, load, module, file, folder);
  return module.exports;
};

if (isDebugged) process.setSourceMapsEnabled(true);
// a word that is no command gets none
else process.on('exit', (exit) => exit !== USAGE && code.keep());
load('./main.cjs');
