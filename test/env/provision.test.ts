import {execFile} from 'node:child_process';
import {chmod, mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest} from '../docker-engine.ts';

const provision = fileURLToPath(new URL('../../env/provision/docker.sh', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (env: NodeJS.ProcessEnv, file: string, ...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(file, args, {env, timeout: 120_000}, (error, stdout, stderr) => {
      resolve({code: error ? Number(error.code ?? 1) : 0, stdout, stderr});
    });
  });

/** Runs lines of shell on a machine where no daemon runs: processes, network and the daemon's folders are private. */
const onQuietMachine = (lines: string, path = ''): Promise<Ended> => {
  const setUp = `
    ip link set lo up
    for folder in /run /var/log /var/lib/docker /etc/docker; do
      if [ -d $folder ]; then mount -t tmpfs tmpfs $folder; fi
    done
    provision() { sh '${provision}'; }`;
  const unshare = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const env = {PATH: `${path}:${process.env.PATH}:/usr/sbin:/sbin`};
  return run(env, 'unshare', ...unshare, 'sh', '-c', `${setUp}\n${lines}`);
};

const withPrograms = async (programs: Readonly<Record<string, string>>, body: (folder: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), 'provision-'));
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(folder, name), 0o755);
  }
  await body(folder).finally(() => rm(folder, {recursive: true}));
};

const test = suite('provision Docker');
// they need what an engine of the tests' own needs
const withEngine = engineTest(test);

withEngine('starts a daemon that outlives it, once, also after one that was killed', async () => {
  const {code, stdout, stderr} = await onQuietMachine(`
    provision
    echo again; provision
    kill -9 $(cat /run/docker.pid); sleep 0.2; echo 1 >/run/docker.pid
    echo killed; provision`);

  assert.is(code, 0, stderr);
  const starting = 'starting dockerd in the background, its log is /var/log/dockerd.log';
  const said = stdout
    .replaceAll(/Docker Engine \S+ answers/g, 'answers')
    .trim()
    .split('\n');
  assert.equal(said.slice(0, 5), [starting, 'answers', 'again', 'answers', 'killed']);
  assert.is(said[5], "removing a dead daemon's /var/run/docker.pid");
  assert.equal(said.slice(-2), [starting, 'answers']);
});

withEngine('shows the end of the log when the daemon ends at once', () =>
  withPrograms({dockerd: 'echo the disk is full; exit 1'}, async (folder) => {
    const {code, stderr} = await onQuietMachine('provision', folder);

    assert.is(code, 1);
    assert.equal(stderr.trim().split('\n'), [
      'the disk is full',
      'dockerd ended at once',
      'next  see why: /var/log/dockerd.log',
    ]);
  }),
);

withEngine('leaves starting to systemd where that runs', () =>
  withPrograms({systemctl: 'echo "systemctl was told: $*"; dockerd >/dev/null 2>&1 </dev/null &'}, async (folder) => {
    const {code, stdout, stderr} = await onQuietMachine('mkdir -p /run/systemd/system; provision', folder);

    assert.is(code, 0, stderr);
    assert.match(stdout, 'systemctl was told: enable --now docker');
  }),
);

test('prints what to do by hand on a system that it does not know', () =>
  withPrograms({}, async (folder) => {
    await mkdir(join(folder, 'bin'));
    for (const program of ['sh', 'uname', 'id']) {
      await symlink(`/usr/bin/${program}`, join(folder, 'bin', program));
    }
    const env = {PATH: join(folder, 'bin')};

    const how = await run(env, '/bin/sh', provision, 'how');
    const tried = await run(env, '/bin/sh', provision);

    assert.is(how.code, 3);
    assert.match(how.stdout, /docker/i);
    assert.is(tried.code, 3);
    assert.match(tried.stderr, how.stdout.trim());
  }));

test('refuses an argument that it does not know', async () => {
  const {code, stderr} = await run(process.env, 'sh', provision, 'now');

  assert.is(code, 1);
  assert.match(stderr, 'unknown argument: now');
});

test.run();
