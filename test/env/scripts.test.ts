import {execFileSync} from 'node:child_process';
import {readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {hasTools} from '../tools.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scripts = (): string[] =>
  readdirSync(root)
    .filter((name) => name === '.ci' || !/^(\.|node_modules$|dist$)/.test(name))
    .filter((name) => statSync(join(root, name)).isDirectory())
    .flatMap((folder) => readdirSync(join(root, folder), {recursive: true}).map((path) => join(folder, String(path))))
    .filter((path) => path.endsWith('.sh') || path === '.ci/run');

const test = suite('shell scripts');

(hasTools('shellcheck') ? test : test.skip)('have nothing that shellcheck objects to', () => {
  const found = scripts();
  assert.ok(found.includes('env/provision/docker.sh'));

  try {
    execFileSync('shellcheck', ['--external-sources', ...found], {cwd: root, encoding: 'utf8'});
  } catch (error) {
    assert.unreachable((error as {stdout: string}).stdout);
  }
});

test.run();
