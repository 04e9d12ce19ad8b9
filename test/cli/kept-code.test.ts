import {chownSync, cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest} from '../cli-rig.ts';
import {isRoot} from '../tools.ts';

const test = suite('kept code');
const asRoot = isRoot() ? test : test.skip;

const root = fileURLToPath(new URL('../..', import.meta.url));
const STRANGER = 54321;

/** The built program in a place of its own, where nothing is kept yet. */
const installed = (rig: CliRig) => {
  const app = join(rig.dir, 'app');
  cpSync(join(root, 'dist/cli'), join(app, 'dist/cli'), {
    recursive: true,
    filter: (path) => !path.endsWith('/code'),
  });
  cpSync(join(root, 'package.json'), join(app, 'package.json'));
  const code = join(app, 'dist/cli/code');
  return {
    app,
    code,
    version: async (env: Readonly<Record<string, string>> = {}): Promise<void> => {
      const command = [process.execPath, join(app, 'dist/cli/main.cjs')] as const;
      const ended = await rig.start(['--version'], {command, env}).ended;
      assert.is(ended.code, 0, ended.stderr);
      assert.match(ended.stdout, 'runbook-engine');
      assert.is(ended.stderr, '');
    },
  };
};

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder).flatMap((build) => readdirSync(join(folder, build)).map((file) => join(folder, build, file)));

test(
  'is beside the program, for its owner alone, and anew where it is damaged',
  cliTest(async (rig) => {
    const {code, version} = installed(rig);

    await version();
    const [file = '', ...others] = filesIn(code);
    assert.equal(others, []);
    assert.is(statSync(file).mode & 0o777, 0o600);
    const right = readFileSync(file);
    const damages = [
      right.subarray(0, right.length / 2),
      Buffer.from(right).fill(0, right.length / 2),
      Buffer.alloc(0),
    ];
    for (const damaged of damages) {
      writeFileSync(file, damaged);
      await version();
      assert.not.equal(readFileSync(file), damaged);
    }
  }),
);

test(
  'is in the cache of the user who may not write beside the program',
  cliTest(async (rig) => {
    const {code, version} = installed(rig);
    await rig.write({'app/dist/cli/code': 'no folder'});

    await version({XDG_CACHE_HOME: join(rig.dir, 'cache')});

    assert.is(readFileSync(code, 'utf8'), 'no folder');
    assert.is(filesIn(join(rig.dir, 'cache/runbook/code')).length, 1);
  }),
);

test(
  'is not written where Node is told to keep none',
  cliTest(async (rig) => {
    const {code, version} = installed(rig);

    await version({NODE_DISABLE_COMPILE_CACHE: '1'});

    assert.not.ok(existsSync(code));
  }),
);

test(
  'is not kept for a word that is no command',
  cliTest(async (rig) => {
    const {code, app} = installed(rig);

    const ended = await rig.start(['rnu'], {command: [process.execPath, join(app, 'dist/cli/main.cjs')]}).ended;

    assert.is(ended.code, 2);
    assert.not.ok(existsSync(code));
  }),
);

asRoot(
  'is not read when a stranger has written it',
  cliTest(async (rig) => {
    const {code, version} = installed(rig);
    await version();
    const [file = ''] = filesIn(code);
    chownSync(file, STRANGER, STRANGER);

    await version();

    assert.is(statSync(file).uid, process.getuid?.(), 'a new one has taken its place');
  }),
);

test.run();
