import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest, shellRunbook} from '../cli-rig.ts';

const test = suite('the package');
const root = fileURLToPath(new URL('../..', import.meta.url));
const LIMIT_MS = 300_000;

test(
  'takes --env-file for its own, although Node has an option of that name',
  cliTest(async (rig) => {
    const command = [join(root, 'dist/cli/runbook.cjs')] as const;
    const steps = {a: 'test -z "${PASSWORD:-}"'};
    await rig.write({'leak.yaml': shellRunbook('leak', steps), 'passwords.env': 'PASSWORD=correct horse\n'});

    const missing = await rig.runbook(['run', './leak.yaml', '--env-file', 'none.env'], {command});
    const given = await rig.runbook(['run', './leak.yaml', '--env-file', 'passwords.env'], {command});

    assert.match(missing.stderr, '[env-file]');
    assert.is(given.code, 0, `a step has the file's variables without asking for them: ${given.stderr}`);
  }),
);

test(
  'works when its tarball is installed elsewhere: exit codes, shipped runbooks, both names',
  cliTest(async (rig) => {
    // npm needs the user's own settings: registry, proxy, cache.
    const inherited = Object.entries(process.env).filter(([name]) =>
      /^(HOME|npm_config_|https?_proxy|no_proxy)/i.test(name),
    );
    const env = Object.fromEntries(inherited) as Record<string, string>;
    const npm = (...args: string[]) => rig.start(args, {command: ['npm'], env}).ended;
    const packed = await rig.start(['pack', '--ignore-scripts', '--pack-destination', rig.dir], {
      command: ['npm'],
      env,
      cwd: root,
    }).ended;
    assert.is(packed.code, 0, packed.stderr);
    const [tarball = ''] = readdirSync(rig.dir).filter((name) => name.endsWith('.tgz'));
    await rig.write({'package.json': '{"private": true}', 'runbooks/bad.yaml': shellRunbook('bad', {a: 'exit 9'})});
    const installed = await npm(
      'install',
      '--ignore-scripts',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      `./${tarball}`,
    );
    assert.is(installed.code, 0, installed.stderr);
    const bin = (name: string, ...args: string[]) =>
      rig.start(args, {command: [join(rig.dir, 'node_modules/.bin', name)]}).ended;

    assert.match((await bin('runbook', '--version')).stdout, 'runbook-engine');
    assert.match((await bin('runbook-engine', '--version')).stdout, 'runbook-engine');
    assert.is((await bin('runbook', 'run', 'bad')).code, 1);
    assert.is((await bin('runbook', 'run', 'nothing')).code, 2);
    const shipped = readdirSync(join(root, 'runbooks')).filter((name) => name.endsWith('.yaml'));
    const listed = JSON.parse((await bin('runbook', 'list', '--json')).stdout) as {name: string; from: string}[];
    assert.is(listed.filter(({from}) => from === 'shipped').length, shipped.length);
    for (const {name} of listed.filter(({from}) => from === 'shipped'))
      assert.is((await bin('runbook', 'validate', name)).code, 0, name);
  }, LIMIT_MS),
);

test.run();
