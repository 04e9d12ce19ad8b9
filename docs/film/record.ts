/**
 * Films the README's session: `npm run film`. Everything in it is real: a shell on a terminal, the built program, a
 * Docker Engine of its own with real Consul. The port is taken, and a server is removed behind the run's back.
 */
import {execFile} from 'node:child_process';
import {cp, mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {startEngine, type TestEngine} from '../../test/docker-engine.ts';
import {framesOf, type Hold, type Size} from './frames.ts';
import {type Piece, startSession} from './session.ts';
import {movingPicture, stillPicture} from './svg.ts';

const SIZE: Size = {columns: 112, rows: 33};
/** What a resume has found and what it is going to do. */
const HOLD: Hold = {text: 'steps are kept', ms: 5000};
const LAST_MS = 8000;
const LABELS = {
  title: 'runbook run consul-cluster',
  description:
    'A run of the runbook consul-cluster fails, since another container has its port. The container is stopped, and one server is removed, too. The command runbook resume keeps what still holds, starts the lost server again and completes the run.',
};
const IMAGES = ['runbook/consul:1.8.7', 'runbook/machine:1', 'runbook/registry:2'];
/** What has the port already. */
const OLD = 'run -d --name old-consul -p 127.0.0.1:8500:8500 runbook/consul:1.8.7 agent -dev -client=0.0.0.0';
const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

const play = async (dir: string, {inside, env}: TestEngine): Promise<readonly Piece[]> => {
  const session = startSession(dir, {
    columns: SIZE.columns,
    rows: SIZE.rows,
    command: [inside[0] ?? 'sh', ...inside.slice(1), ...(inside.length > 0 ? ['sh'] : [])],
    env: {...env, PATH: `${dir}/bin:${process.env.PATH}`, PS1: '\x1b[32m$\x1b[0m '},
  });
  await session.sees('$ ');
  await session.rests(600);
  await session.types('runbook run consul-cluster');
  await session.sees('a letter, or arrows and Enter');
  await session.presses('q', 3500);
  await session.sees('$ ');
  await session.rests(800);
  await session.types('docker stop old-consul              # it has the port');
  await session.sees(/old-consul\s+.*\$ /s);
  await session.types('docker rm -f consul-server2         # and lose a server');
  await session.sees(/consul-server2\s+.*\$ /s);
  await session.rests(300);
  await session.types('runbook resume');
  await session.sees('done in');
  await session.sees('$ ');
  await session.rests(200);
  return session.end();
};

/** What a clone has that is built. */
const PARTS = ['dist', 'runbooks', 'env', 'package.json'];

const cloneInto = async (dir: string): Promise<void> => {
  for (const part of PARTS) await cp(join(root, part), join(dir, part), {recursive: true});
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
  await mkdir(join(dir, 'bin'));
  await symlink('../dist/cli/runbook.cjs', join(dir, 'bin/runbook'));
};

const film = async (engine: TestEngine): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'runbook-film-'));
  try {
    await cloneInto(dir);
    const pieces = await play(dir, engine);
    const frames = await framesOf(pieces, SIZE, HOLD);
    const held = frames.find(({isHeld}) => isHeld);
    const last = frames.at(-1);
    if (held === undefined || last === undefined) throw new Error(`nothing says "${HOLD.text}"`);
    const all = [...frames.slice(0, -1), {...last, ms: LAST_MS}];
    await writeFile(join(here, 'consul-cluster.svg'), movingPicture(all, SIZE, LABELS));
    await writeFile(join(here, 'consul-cluster-still.svg'), stillPicture(held, SIZE, LABELS));
    console.log(`${frames.length} pictures`);
  } finally {
    await rm(dir, {recursive: true, force: true});
  }
};

const engine = await startEngine('laptop');
try {
  for (const image of IMAGES) await engine.load(image);
  await run('docker', OLD.split(' '), {env: {...process.env, ...engine.env}});
  await film(engine);
} finally {
  await engine.stop();
}
