/** `npm run build`, after the compiler: the command line as a few files, with the libraries that it uses inside. */
import {createHash} from 'node:crypto';
import {chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {type BuildOptions, build, type Plugin} from 'esbuild';

const OUT = 'dist/cli';
const BUNDLES = join(OUT, 'bundles');

/** Loaded by whoever needs them, and as a file each: what a runbook does not use is not even read. */
const APART = ['asn1js', 'consul', 'dockerode', 'enquirer', 'listr2', 'pkijs'];

/** dockerode loads them for `ssh:` and BuildKit's sessions, which we don't use it for (`steps/clients/docker-ssh.ts`). */
const LEFT_OUT = ['@grpc/grpc-js', '@grpc/proto-loader', 'protobufjs', 'ssh2'];

const exactly = (names: readonly string[]): RegExp => new RegExp(`^(${names.join('|')})$`);

const parts: Plugin = {
  name: 'parts',
  setup({onResolve, onLoad}) {
    onResolve({filter: exactly([...APART, './program\\.ts'])}, ({path, kind}) =>
      kind === 'entry-point' ? undefined : {path: `./${basename(path, '.ts')}.cjs`, external: true},
    );
    onResolve({filter: exactly(LEFT_OUT)}, ({path}) => ({path, namespace: 'left-out'}));
    onLoad({filter: /.*/, namespace: 'left-out'}, () => ({contents: 'module.exports = {}'}));
  },
};

// A directive counts only at the very beginning.
const BEGIN = "'use strict';const __url=require('node:url').pathToFileURL(__filename).href;";

/** As a script such a file gives its body, as a module it exports it: V8 takes it as it is, without a copy of all of it. */
const AS_FUNCTION =
  '(typeof module=="object"?module:{}).exports=function(exports,require,module,__filename,__dirname){';

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  outExtension: {'.js': '.cjs'},
  // functions keep their names, for stack traces
  minifySyntax: true,
  minifyWhitespace: true,
  // `cli/launch.ts` reads them as Latin-1, and loads what they ask for
  charset: 'ascii',
  supported: {'dynamic-import': false},
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  define: {'import.meta.url': '__url'},
  plugins: [parts],
  metafile: true,
  logLevel: 'warning',
} satisfies BuildOptions;

/** What tells one build from another, also where a file was changed and is as long as before. */
const idOf = (folder: string): string => {
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
};

/** A UTF-16 unit as it may stand in any literal. */
const inAscii = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The licences of the libraries inside ask to be where their code is. */
const licencesOf = (inputs: readonly string[]): string => {
  const folders = inputs.map((file) => /^node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? '');
  const texts = [...new Set(folders)]
    .filter((folder) => existsSync(folder))
    .sort()
    .map((folder) => {
      const licence = readdirSync(folder).find((file) => /^(licen[cs]e|copying)/i.test(file));
      const {name, license = '?'} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return `${name}: ${license}\n\n${licence === undefined ? '' : readFileSync(join(folder, licence), 'utf8').trim()}\n`;
    });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
};

rmSync(OUT, {recursive: true, force: true});
const entryPoints = Object.fromEntries(
  [...APART, 'main', 'program'].map((name) => [name, APART.includes(name) ? name : `cli/${name}.ts`]),
);
const {metafile} = await build({
  ...common,
  entryPoints,
  outdir: BUNDLES,
  banner: {js: AS_FUNCTION + BEGIN},
  footer: {js: '}'},
});
// esbuild leaves regular expressions and tagged templates as they are
for (const name of readdirSync(BUNDLES).filter((file) => file.endsWith('.cjs'))) {
  const file = join(BUNDLES, name);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/[^\x00-\x7f]/g, inAscii));
}
writeFileSync(join(BUNDLES, 'licences.txt'), licencesOf(Object.keys(metafile.inputs)));
await build({
  ...common,
  entryPoints: {main: 'cli/launch.ts'},
  outdir: OUT,
  banner: {js: BEGIN},
  define: {...common.define, BUILD: JSON.stringify(idOf(BUNDLES))},
});
copyFileSync('cli/runbook.cjs', join(OUT, 'runbook.cjs'));
for (const file of ['main.cjs', 'runbook.cjs']) chmodSync(join(OUT, file), 0o755);
