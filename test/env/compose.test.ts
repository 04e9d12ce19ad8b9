import {mkdtemp, readdir, rm, symlink} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest, testEngine} from '../docker-engine.ts';
import {execute} from '../tools.ts';

const script = fileURLToPath(new URL('../../env/provision/compose.sh', import.meta.url));

/** Where a system keeps plugins for all its users: hidden, so that it has none. */
const HIDE = `for folder in /usr/lib/docker /usr/libexec/docker /usr/local/lib/docker /usr/local/libexec/docker; do
  if [ -d $folder/cli-plugins ]; then mount -t tmpfs tmpfs $folder/cli-plugins; fi
done`;

const withFolder = async (body: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'compose-'));
  await body(folder).finally(() => rm(folder, {recursive: true}));
};

const test = suite('provision Compose');
// they need what an engine of the tests' own needs
const withEngine = engineTest(test);

withEngine('makes `docker compose` answer, and leaves it when it does', () =>
  withFolder(async (folder) => {
    const engine = await testEngine();
    const env = {...process.env, DOCKER_CONFIG: join(folder, 'docker')};
    const lines = `${HIDE}; sh '${script}'; docker compose version; sh '${script}'; ls -A '${folder}/docker/cli-plugins'`;

    const {code, stdout, stderr} = await execute(env, ...engine.outside, 'unshare', '--mount', 'sh', '-euc', lines);

    assert.is(code, 0, stderr);
    assert.match(stdout, /^Docker Compose version v?[2-9].*\ndocker-compose\n$/);
    assert.match(stderr, /Docker Compose \S+ answers\nDocker Compose \S+ is there\n$/);
  }),
);

withEngine('says what to do without a network, and leaves nothing behind', () =>
  withFolder(async (folder) => {
    const env = {...process.env, XDG_CACHE_HOME: folder, TMPDIR: folder, DOCKER_CONFIG: folder};
    const lines = `${HIDE}; sh '${script}'`;

    const {code, stderr} = await execute(env, 'unshare', '--net', '--mount', 'sh', '-euc', lines);

    assert.is(code, 1);
    assert.match(stderr, 'cannot get Docker Compose: apt could not fetch the packages');
    assert.match(stderr, 'https://docs.docker.com/compose/install');
    assert.equal(await readdir(folder), []);
  }),
);

test('says what to do on a host without apt', () =>
  withFolder(async (folder) => {
    const {stdout} = await execute(process.env, 'sh', '-c', 'command -v sh; command -v dirname; command -v grep');
    for (const path of stdout.trim().split('\n')) await symlink(path, join(folder, path.split('/').at(-1) ?? ''));
    await symlink('/bin/false', join(folder, 'docker'));

    const {code, stderr} = await execute({PATH: folder, HOME: folder}, '/bin/sh', script);

    assert.is(code, 1);
    assert.match(stderr, 'this host has no apt-get');
    assert.match(stderr, 'https://docs.docker.com/compose/install');
  }));

test.run();
