import {readdirSync, readFileSync} from 'node:fs';
import {builtinModules} from 'node:module';
import {dirname, join, posix, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {registry} from '../steps/index.ts';

const test = suite('imports');

const root = fileURLToPath(new URL('..', import.meta.url));

const filesIn = (folder: string, ending = '.ts'): readonly string[] =>
  readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith(ending))
    .map((name) => posix.join(folder, name))
    .toSorted();

interface Import {
  /** A path from the root for files of ours, else the name of a package or builtin module. */
  readonly target: string;
  readonly typeOnly: boolean;
}

const IMPORT =
  /^(?:import|export)\s+(type\s+)?(?:(\{[^}]*\}|[^'{;]*?)\s*from\s*)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;

const isTypeOnly = (names: string | undefined): boolean =>
  names?.startsWith('{') === true &&
  names
    .slice(1, -1)
    .split(',')
    .filter((name) => name.trim() !== '')
    .every((name) => name.trim().startsWith('type '));

const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

const importsOf = (file: string): readonly Import[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(IMPORT)].map(([, type, names, from, dynamic]) => {
    const name = from ?? dynamic ?? '';
    const target = name.startsWith('.')
      ? relative(root, join(root, dirname(file), name))
      : name.startsWith('node:') || builtinModules.includes(name)
        ? 'node'
        : packageOf(name);
    return {target, typeOnly: type !== undefined || isTypeOnly(names)};
  });

const ENGINES = [
  'yaml',
  'valibot',
  '@valibot/to-json-schema',
  '@marcbachmann/cel-js',
  'diff',
  'dotenv',
  'fastest-levenshtein',
  're2js',
];
const TERMINALS = ['commander', 'listr2', 'enquirer', 'fast-string-width'];
const PROSE = ['markdown-it', 'highlight.js'];
const {dependencies = {}, devDependencies = {}} = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
) as Record<string, Readonly<Record<string, string>>>;
/** Client libraries: what neither the engine nor the terminal needs. */
const CLIENTS = Object.keys(dependencies).filter((name) => ![...ENGINES, ...TERMINALS, ...PROSE].includes(name));

interface Arrows {
  readonly files: readonly RegExp[];
  readonly packages: readonly string[];
}

const CONTRACT = /^engine\/(step-type|sh|limit)\.ts$/;
const ARROWS: Readonly<Record<string, Arrows>> = {
  cli: {
    files: [/^engine\/index\.ts$/, /^steps\/(index|machines)\.ts$/, /^cli\//],
    packages: [...TERMINALS, ...PROSE, 'diff', 'yaml', 'zx'],
  },
  engine: {files: [/^engine\//], packages: ENGINES},
  steps: {files: [CONTRACT, /^steps\//], packages: ['valibot', ...CLIENTS]},
  'steps/clients': {files: [CONTRACT, /^steps\/clients\//], packages: ['valibot', 'yaml', ...CLIENTS]},
};

const folderOf = (file: string): string =>
  file.startsWith('steps/clients/') ? 'steps/clients' : (file.split('/')[0] ?? '');

const mayImport = (file: string, target: string): boolean => {
  const {files = [], packages = []} = ARROWS[folderOf(file)] ?? {};
  return target === 'node' || packages.includes(target) || files.some((allowed) => allowed.test(target));
};

test('point one way: cli to engine and steps, steps to the step contract, engine to itself', () => {
  const files = ['cli', 'engine', 'steps'].flatMap((folder) => filesIn(folder));
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter(({target}) => !mayImport(file, target))
      .map(({target}) => `${file} -> ${target}`),
  );

  assert.ok(files.length > 100);
  assert.equal(wrong, []);
});

/** What is not in the package: it may use what is installed for development. */
const isOurOwnTool = (file: string): boolean => /^(test|bench|docs)\//.test(file);

test('name only files that are there, and packages that package.json has', () => {
  const inTests = new Set(['node', 'tsx', ...Object.keys({...dependencies, ...devDependencies})]);
  const known = new Set(['cli', 'engine', 'steps', 'test', 'bench', 'docs'].flatMap((folder) => filesIn(folder)));
  const files = [...known];
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter(
        ({target}) =>
          !known.has(target) &&
          !(isOurOwnTool(file) ? inTests.has(target) : target === 'node' || target in dependencies),
      )
      .map(({target}) => `${file} -> ${target}`),
  );

  assert.equal(wrong, []);
});

/** The files of one cycle, or nothing. */
const cycleIn = (graph: ReadonlyMap<string, readonly string[]>): readonly string[] => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
      const found = visit(next, [...path, file]);
      if (found.length > 0) return found;
    }
    done.add(file);
    return [];
  };
  for (const file of graph.keys()) {
    const found = visit(file, []);
    if (found.length > 0) return found;
  }
  return [];
};

test('make no cycle of values inside engine/, steps/ and cli/', () => {
  for (const folder of ['engine', 'steps', 'cli']) {
    const graph = new Map(
      filesIn(folder).map((file) => [
        file,
        importsOf(file)
          .filter(({target, typeOnly}) => !typeOnly && target.startsWith(`${folder}/`))
          .map(({target}) => target),
      ]),
    );
    assert.equal(cycleIn(graph), []);
  }
});

test('find arrows and cycles: the reader of imports reads what these files have', () => {
  const [first] = importsOf('steps/index.ts');
  assert.equal(first, {target: 'engine/step-type.ts', typeOnly: true});
  assert.equal(
    cycleIn(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
    ['b', 'c', 'b'],
  );
});

test('leave the process, its arguments and its environment to cli/main.ts', () => {
  // docker-modem reads DOCKER_HOST behind our back, so this one hides it
  const known = ['steps/clients/docker.ts'];
  const files = [...filesIn('engine'), ...filesIn('steps')].filter((file) => !known.includes(file));
  const wrong = files.filter((file) =>
    /\bprocess\.(exit|argv|env|cwd|on|once|stdout|stderr|stdin)\b/.test(readFileSync(join(root, file), 'utf8')),
  );

  assert.equal(wrong, []);
});

test('take the time of day for stamps and ages alone: whoever waits asks performance.now(), which nobody can set', () => {
  // stamps, and ages of what others have stamped
  const known = [
    'engine/lock.ts',
    'engine/output-times.ts',
    'engine/run-id.ts',
    'engine/run-summary.ts',
    'engine/state-dir.ts',
    'engine/survivors.ts',
    'steps/clients/docker-events.ts',
    'steps/clients/docker-table.ts',
    'steps/clients/machines/addresses.ts',
    'steps/clients/machines/certificates.ts',
    'steps/clients/machines/tar.ts',
    'steps/clients/swarm-tasks.ts',
    'steps/docker-logs.ts',
  ];
  const files = [...filesIn('cli'), ...filesIn('engine'), ...filesIn('steps')];
  const found = files.filter((file) => /\bDate\.now\b/.test(readFileSync(join(root, file), 'utf8')));

  assert.equal(found.sort(), known);
});

test('have every test file run its tests: one that forgets reports nothing and passes', () => {
  const wrong = filesIn('test', '.test.ts').filter(
    (file) => !/\n\w+\.run\(\);\n$/.test(readFileSync(join(root, file), 'utf8')),
  );

  assert.equal(wrong, []);
});

test('have a test file for every step type', () => {
  const tests = new Set(filesIn('test/steps', '.test.ts'));
  const missing = [...registry.keys()].filter(
    (name) => !tests.has(`test/steps/${name.replaceAll(/[._]/g, '-')}.test.ts`),
  );

  assert.equal(missing, []);
});

test('have a file of its own name for every step type', () => {
  const files = new Set(filesIn('steps'));

  assert.equal(
    [...registry.keys()].filter((name) => !files.has(`steps/${name.replaceAll(/[._]/g, '-')}.ts`)),
    [],
  );
});

test.run();
