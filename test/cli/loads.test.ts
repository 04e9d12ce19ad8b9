import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, shellRunbook} from '../cli-rig.ts';

/** Which packages a command loads: each takes its time, and who starts a command waits for it. */
const test = suite('loads');

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packages by name, as the program loads them when it runs from source: the build keeps what is late late. */
const packagesOf = async (rig: CliRig, args: readonly string[], code = 0): Promise<readonly string[]> => {
  const noted = join(rig.dir, 'loaded');
  await rig.write({loaded: ''});
  const ended = await rig.start(args, {
    command: [
      process.execPath,
      '--import',
      import.meta.resolve('tsx'),
      '--import',
      join(root, 'test/loads-hook.mjs'),
      join(root, 'cli/main.ts'),
    ],
    env: {RUNBOOK_TEST_LOADS: noted, DOCKER_HOST: 'tcp://127.0.0.1:1'},
  }).ended;
  assert.is(ended.code, code, ended.stderr);
  const found = readFileSync(noted, 'utf8')
    .split('\n')
    .flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  return [...new Set(found)].filter((name) => name !== 'tsx').sort();
};

const ENGINE = [
  '@marcbachmann/cel-js',
  '@valibot/to-json-schema',
  'commander',
  'diff',
  'dotenv',
  'fastest-levenshtein',
  'valibot',
  'yaml',
];
const WIDTHS = ['fast-string-truncated-width', 'fast-string-width'];
const MARKDOWN = ['entities', 'linkify-it', 'markdown-it', 'mdurl', 'punycode.js', 'uc.micro'];

const all = (...lists: readonly (readonly string[])[]): readonly string[] => lists.flat().sort();

test(
  '--version loads no package at all, and the help none but that for arguments',
  cliTest(async (rig) => {
    assert.equal(await packagesOf(rig, ['--version']), []);
    assert.equal(await packagesOf(rig, ['run', '--help']), all(['commander'], WIDTHS));
  }),
);

test(
  'validate loads no client library, whatever the runbook uses',
  cliTest(async (rig) => {
    assert.equal(await packagesOf(rig, ['validate', join(root, 'runbooks/consul-cluster.yaml')]), all(ENGINE, WIDTHS));
  }),
);

test(
  'run and status of shell steps load neither client libraries nor what only a terminal needs',
  cliTest(async (rig) => {
    await rig.write({'one.yaml': shellRunbook('one', {a: 'true'})});

    assert.equal(await packagesOf(rig, ['run', './one.yaml']), all(ENGINE, WIDTHS));
    assert.equal(await packagesOf(rig, ['status']), all(ENGINE, WIDTHS));
  }),
);

test(
  'run of a Docker step loads the client of Docker, and no other',
  cliTest(async (rig) => {
    await rig.write({
      'one.yaml': 'name: one\ntitle: One\nsteps:\n  - {id: a, uses: docker.info, timeout: 1s}\n',
    });

    const loaded = await packagesOf(rig, ['run', './one.yaml'], 1);

    assert.ok(loaded.includes('dockerode'));
    assert.equal(
      ['consul', 'pkijs', 'asn1js', 'listr2', 'enquirer', ...MARKDOWN].filter((name) => loaded.includes(name)),
      [],
    );
  }),
);

test(
  'show loads what renders Markdown, and no client library',
  cliTest(async (rig) => {
    await rig.write({'one.yaml': shellRunbook('one', {a: 'true'})});

    assert.equal(await packagesOf(rig, ['show', './one.yaml']), all(ENGINE, WIDTHS, MARKDOWN));
  }),
);

test.run();
