/** A Docker daemon that ends, is killed, and comes back, in the middle of everything that asks it. */
import {existsSync, readFileSync} from 'node:fs';
import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended} from '../cli-rig.ts';
import {engineTest, type MortalEngine, startEngine, testEngine} from '../docker-engine.ts';
import {IMAGE} from '../docker-rig.ts';

const test = suite('world: dockerd');
const engineOnly = engineTest(test);

const SOAK = process.env.RUNBOOK_TEST_SOAK === '1';
const LIMIT_MS = SOAK ? 900_000 : 180_000;

/** How it goes away. Without live-restore, its containers go with it. */
type End = Parameters<MortalEngine['endDaemon']>[0];
const ENDS: readonly End[] = ['stop', 'kill'];

let engine: Promise<MortalEngine> | undefined;

/** An engine that may die, with the tests' image. */
const mortal = (rig: CliRig): Promise<MortalEngine> => (engine ??= withImage(rig));

const withImage = async (rig: CliRig): Promise<MortalEngine> => {
  const shared = await testEngine();
  await shared.load(IMAGE);
  const own = await startEngine();
  const copy = `docker save ${IMAGE} | DOCKER_HOST=${own.env.DOCKER_HOST} docker load`;
  const copied = await rig.start(['-c', copy], {command: ['sh'], env: shared.env}).ended;
  assert.is(copied.code, 0, copied.stderr);
  return own;
};

test.after(async () => (await engine)?.stop());

const struck = (
  name: string,
  body: (rig: CliRig, engine: MortalEngine, end: End) => Promise<void>,
  ends: readonly End[] = ENDS,
): void => {
  for (const end of ends)
    engineOnly(
      `that ${end === 'stop' ? 'ends' : 'is killed'} ${name}`,
      cliTest(async (rig) => {
        const own = await mortal(rig);
        try {
          await body(rig, own, end);
        } finally {
          const all = 'docker ps -aq | xargs -r docker rm -f -v';
          const answers = await rig.start(['version'], {command: ['docker'], env: own.env}).ended;
          if (answers.code !== 0) await own.startDaemon();
          await rig.start(['-c', all], {command: ['sh'], env: own.env}).ended;
        }
      }, LIMIT_MS),
    );
};

const docker = async (rig: CliRig, {env}: MortalEngine, ...args: string[]): Promise<string> => {
  const {stdout, stderr, code} = await rig.start(args, {command: ['docker'], env}).ended;
  assert.is(code, 0, stderr);
  return stdout.trim();
};

/** Said as what it is, with what to do; no bug of ours. */
const isSaid = ({code, stderr}: Ended): void => {
  assert.is(code, 1, stderr);
  assert.match(stderr, '[docker-unreachable]', stderr);
  assert.match(stderr, 'runbook doctor');
  assert.match(stderr, /runbook resume \d/);
  assert.not.match(stderr, /internal error|node:|Unhandled|at async/);
};

const resumes = async (rig: CliRig, {env}: MortalEngine): Promise<Ended> => {
  const resumed = await rig.runbook(['resume'], {env});
  assert.is(resumed.code, 0, resumed.stderr);
  assert.is((await rig.runbook(['status'], {env})).code, 0);
  return resumed;
};

/** How many processes on this machine carry the mark of a run's step. */
const markedProcesses = async (step: string): Promise<number> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const marks = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')));
  return marks.filter((mark) => new RegExp(`RUNBOOK_STEP=[^\\0]*/${step}/`).test(mark)).length;
};

const STARTS = `
name: starts
title: Containers, one after the other
steps:
  - id: web
    foreach: [a, b, c, d]
    uses: docker.run
    with: {name: "rbt-\${{ item.key }}", image: "${IMAGE}", command: [sleep, "600"]}
`;

struck('while containers are started leaves a run that resumes to exactly these', async (rig, own, end) => {
  for (const after of SOAK ? Array.from({length: 15}, (_, n) => n * 60) : [150]) {
    await rig.write({'starts.yaml': STARTS});
    const live = rig.start(['run', './starts.yaml', '--concurrency', '2'], {env: own.env});
    await live.says('running starts');
    await sleep(after);
    await own.endDaemon(end);
    const ended = await live.ended;
    if (ended.code !== 0) isSaid(ended);
    await own.startDaemon();

    if (ended.code === 0) await rig.runbook(['resume', runIn(ended)], {env: own.env});
    else await resumes(rig, own);

    const names = await docker(rig, own, 'ps', '--format', '{{.Names}}');
    assert.equal(names.split('\n').sort(), ['rbt-a', 'rbt-b', 'rbt-c', 'rbt-d']);
    assert.is((await rig.runbook(['undo', '--yes'], {env: own.env})).code, 0);
    assert.is(await docker(rig, own, 'ps', '-aq'), '');
  }
});

const runIn = ({stderr}: Ended): string => /runbook status (\S+)/.exec(stderr)?.[1] ?? '';

struck('and comes back while a check is waited for does not end the waiting', async (rig, own, end) => {
  await rig.write({
    'waits.yaml': `
name: waits
title: A log that will say something
steps:
  - id: web
    uses: docker.run
    with: {name: rbt-waits, image: "${IMAGE}", restart: always, command: [sh, -c, "sleep 4; echo ready; sleep 600"]}
  - id: ready
    uses: docker.logs
    with: {container: rbt-waits}
    expect: result.text.contains("ready")
    within: 100s
`,
  });
  const live = rig.start(['run', './waits.yaml'], {env: own.env});
  await live.says('waiting');
  await own.endDaemon(end);
  await live.says('cannot reach Docker');
  await own.startDaemon();

  const {code, stderr} = await live.ended;

  assert.is(code, 0, stderr);
  assert.is((await docker(rig, own, 'ps', '--format', '{{.Names}}')).split('\n').length, 1);
});

struck(
  'in the middle of a docker.exec fails it at once, and nothing of it goes on beside the next one',
  async (rig, own, end) => {
    await rig.write({
      'execs.yaml': `
name: execs
title: A command in a container
steps:
  - id: web
    uses: docker.run
    with: {name: rbt-execs, image: "${IMAGE}", command: [sleep, "600"], volumes: ["${rig.dir}:/out"]}
  - id: exec
    uses: docker.exec
    with: {container: rbt-execs, command: [sh, -c, "echo begun >> /out/acts; while [ ! -e /out/go ]; do sleep 0.1; done; echo done >> /out/acts"]}
`,
    });
    const acts = join(rig.dir, 'acts');
    const live = rig.start(['run', './execs.yaml'], {env: own.env});
    while (!existsSync(acts)) await sleep(20);
    await own.endDaemon(end);

    isSaid(await live.ended);
    assert.is(await markedProcesses('exec'), 0, 'the command goes on');
    await own.startDaemon();
    await rig.write({go: ''});
    await resumes(rig, own);
    assert.is(readFileSync(acts, 'utf8'), 'begun\nbegun\ndone\n');
  },
);

struck(
  'is no reason to take anything for gone: a resume meanwhile waits for nothing and makes nothing anew',
  async (rig, own) => {
    await rig.write({'starts.yaml': `${STARTS}  - {id: gate, run: test -e go}\n`});
    assert.is((await rig.runbook(['run', './starts.yaml'], {env: own.env})).code, 1);
    const before = await docker(rig, own, 'ps', '-aq', '--no-trunc');
    await own.endDaemon('stop');

    isSaid(await rig.runbook(['resume'], {env: own.env}));
    const undone = await rig.runbook(['undo', '--yes'], {env: own.env});
    assert.is(undone.code, 1, undone.stderr);
    assert.match(undone.stderr, 'cannot reach Docker');

    await own.startDaemon();
    await rig.write({go: ''});
    const [run = ''] = await readdir(join(rig.dir, '.runbook/runs'));
    const resumed = await rig.runbook(['resume', run], {env: own.env});
    assert.is(resumed.code, 0, resumed.stderr);
    assert.equal((await docker(rig, own, 'ps', '-aq', '--no-trunc')).split('\n').sort(), before.split('\n').sort());
  },
  ['stop'],
);

test.run();
