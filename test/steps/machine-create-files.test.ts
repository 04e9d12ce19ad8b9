import {readdir, readFile, stat, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest} from '../docker-engine.ts';
import {docker} from '../docker-rig.ts';
import {contextOf, machine, machineTest} from '../machine-rig.ts';
import type {StepRig} from '../step-rig.ts';

const test = suite('machine.create: its files');
const withEngine = engineTest(test);

/** Every file and folder below a folder, with its permissions. */
const tree = async (folder: string): Promise<Record<string, string>> => {
  const names = await readdir(folder, {recursive: true}).catch(() => []);
  const modes = names.map(async (name) => [name, ((await stat(join(folder, name))).mode & 0o777).toString(8)]);
  return Object.fromEntries(await Promise.all(modes));
};

withEngine(
  'keeps its keys where only their owner reads them, and lets nobody in without one',
  machineTest(async (rig) => {
    const {name, url} = await machine(rig).run(rig.context());

    const modes = await tree(join(rig.dir, 'data'));
    const tls = await tree(join(rig.dir, 'docker', 'contexts', 'tls'));
    for (const [path, mode] of [...Object.entries(modes), ...Object.entries(tls)]) {
      assert.is(mode, /\.pem$|\.json$|\/\.addresses\/./.test(path) ? '600' : '700', path);
    }
    const keys = Object.keys(modes).filter((path) => path.endsWith('key.pem'));
    assert.is(keys.length, 3, 'the authority’s, the client’s and the server’s');
    const without = await rig.sh(`curl -sS -k ${url.replace('tcp', 'https')}/version`);
    assert.match(without.stderr, /certificate required|bad certificate|alert/i);
    const plain = await rig.sh(`curl -sS ${url.replace('tcp', 'http')}/version`);
    assert.match(plain.stdout, /HTTP request to an HTTPS server/);
    const folder = join(rig.dir, 'data', 'runbook', 'machines', name);
    const right = await rig.sh(
      `curl -sS --cacert ${folder}/ca.pem --cert ${folder}/cert.pem --key ${folder}/key.pem ${url.replace('tcp', 'https')}/version`,
    );
    assert.match(right.stdout, /"ApiVersion"/);
  }),
);

/** What Docker has of a rig: containers, volumes that nobody uses, contexts. */
const leftovers = async (rig: StepRig): Promise<string> =>
  [
    await docker(rig, `ps -aq --filter name=${rig.unique}`),
    await docker(rig, 'volume ls -q'),
    await docker(rig, `context ls -q`),
  ].join('|');

withEngine(
  'leaves nothing behind on undo, also where there was never more than a beginning',
  machineTest(async (rig) => {
    await writeFile(join(rig.dir, 'docker', 'config.json'), '{"psFormat": "table"}\n');
    const before = [await leftovers(rig), await tree(rig.dir)];
    const contexts = ['m1', 'm2'].map((name) => contextOf(rig, name));
    const machines = [machine(rig, 'm1'), machine(rig, 'm2')];
    await Promise.all(machines.map((each, index) => each.run(contexts[index] ?? rig.context())));
    await docker(rig, `--context ${rig.unique}-m1 volume create data`);

    await Promise.all(machines.map((each, index) => each.undo(contexts[index] ?? rig.context())));
    await machine(rig, 'm1').undo(rig.context());

    const {data: _, ...after} = await tree(rig.dir);
    assert.equal([await leftovers(rig), after], before);
    assert.is(await readFile(join(rig.dir, 'docker', 'config.json'), 'utf8'), '{"psFormat": "table"}\n');
  }),
);

test.run();
