/** What a killed run leaves in Docker half done: waited for, completed, or taken back, and never made twice. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import type {ResumePlan} from '../../engine/index.ts';
import {type CliRig, cliTest, program} from '../cli-rig.ts';
import {engineTest, type TestEngine, testEngine} from '../docker-engine.ts';

const test = suite('in doubt, with real containers');
const onEngine = engineTest(test);

const NAME = 'rbt-doubt';
const RUNBOOK = `name: doubt
title: A server that takes its time
steps:
  - id: net
    uses: docker.network
    with: {name: ${NAME}}
  - id: server
    title: Start the server
    uses: docker.run
    with:
      name: ${NAME}
      image: runbook/test:1
      network: ${NAME}
      command: [sleep, "600"]
      health_cmd: until test -e /tmp/up; do sleep 1; done
      health_interval: 1s
    within: 90s
  - id: address
    uses: docker.inspect
    with: {name: ${NAME}}
    outputs: {ip: 'result.json.NetworkSettings.Networks["${NAME}"].IPAddress'}
  - id: note
    uses: file.write
    with: {path: address, content: "\${{ steps.address.outputs.ip }}"}
`;

interface Doubt {
  readonly rig: CliRig;
  runbook(...args: string[]): ReturnType<CliRig['start']>;
  docker(line: string): Promise<string>;
  plan(): Promise<ResumePlan>;
}

/** A run that was killed while its server came up. */
const killed = (body: (doubt: Doubt) => Promise<void>) =>
  cliTest(async (rig) => {
    const engine: TestEngine = await testEngine();
    await engine.load('runbook/test:1');
    await rig.write({'doubt.yaml': RUNBOOK});
    const runbook = (...args: string[]) =>
      rig.start([], {command: [...engine.inside, ...program, ...args] as [string, ...string[]], env: engine.env});
    const docker = async (line: string): Promise<string> => {
      const {stdout, stderr, code} = await rig.runbook([], {command: ['sh', '-c', `docker ${line}`], env: engine.env});
      assert.is(code, 0, `docker ${line}: ${stderr}`);
      return stdout.trim();
    };
    const plan = async (): Promise<ResumePlan> =>
      JSON.parse((await runbook('resume', '--plan', '--json').ended).stdout);
    try {
      const live = runbook('run', './doubt.yaml');
      await live.says('waiting');
      live.signal('SIGKILL');
      await live.ended;
      await body({rig, runbook, docker, plan});
    } finally {
      await docker(`rm -f ${NAME} >/dev/null 2>&1; docker network rm ${NAME} >/dev/null 2>&1; true`);
    }
  }, 180_000);

const courseOf = ({steps}: ResumePlan, step: string): string | undefined =>
  steps.find((one) => one.step === step)?.course;

const idOf = ({docker}: Doubt): Promise<string> => docker(`inspect -f '{{.Id}}' ${NAME}`);

onEngine(
  'a container that is still coming up is re-attached: waited for, and not started twice',
  killed(async (doubt) => {
    const before = await idOf(doubt);
    const started = await doubt.docker(`inspect -f '{{.State.StartedAt}}' ${NAME}`);
    const plan = await doubt.plan();
    const status = await doubt.runbook('status').ended;

    const live = doubt.runbook('resume');
    await live.says('waiting');
    await doubt.docker(`exec ${NAME} touch /tmp/up`);
    const {code, stderr} = await live.ended;

    assert.is(code, 0, stderr);
    assert.equal([courseOf(plan, 'net'), courseOf(plan, 'server')], ['keep', 'reattach']);
    assert.match(
      status.stdout,
      /\? server {3}in doubt {5}Start the server\n {4}why {7}it is there, and still coming up/,
    );
    assert.match(stderr, /server {4}-> re-attached: its health is "starting"/);
    assert.match(stderr, /server {4}adopted/);
    assert.not.match(stderr, 'docker run');
    assert.is(await idOf(doubt), before);
    assert.is(await doubt.docker(`inspect -f '{{.State.StartedAt}}' ${NAME}`), started);
    assert.is((await doubt.runbook('undo', '--yes').ended).code, 0);
    assert.is(await doubt.docker(`ps -aq --filter name=${NAME}`), '', 'what was re-attached is ours');
  }),
);

onEngine(
  'a container that was made and does not run is repaired: started, not made anew',
  killed(async (doubt) => {
    await doubt.docker(`exec ${NAME} touch /tmp/up`);
    await doubt.docker(`kill ${NAME}`);
    const before = await idOf(doubt);
    const plan = await doubt.plan();

    const {code, stderr} = await doubt.runbook('resume').ended;

    assert.is(code, 0, stderr);
    assert.is(courseOf(plan, 'server'), 'repair');
    assert.match(stderr, /server {4}-> repaired: it exited with code 137/);
    assert.is(await idOf(doubt), before);
    assert.is(await doubt.docker(`exec ${NAME} cat /tmp/up`), '', 'what it held is kept');
  }),
);

onEngine(
  'what was edited meanwhile is taken back and made anew, and what reads of it is judged when that is done',
  killed(async (doubt) => {
    await doubt.docker(`exec ${NAME} touch /tmp/up`);
    assert.is((await doubt.runbook('resume').ended).code, 0);
    const run = JSON.parse((await doubt.runbook('runs', '--json').ended).stdout)[0].run as string;
    const before = await idOf(doubt);
    await doubt.rig.write({
      'doubt.yaml': RUNBOOK.replace('"600"', '"700"').replace('until test -e /tmp/up; do sleep 1; done', 'test -d /'),
    });

    const text = (await doubt.runbook('resume', run, '--plan').ended).stdout;
    const plan = JSON.parse((await doubt.runbook('resume', run, '--plan', '--json').ended).stdout) as ResumePlan;
    const approved = await doubt.runbook('resume', run, '--approve', plan.hash).ended;

    assert.is(approved.code, 0, approved.stderr);
    assert.equal(
      plan.steps.map(({step, course}) => `${step} ${course}`),
      ['net keep', 'server remake', 'address look', 'note unknown'],
    );
    assert.equal(plan.steps.at(-1)?.dependsOn, ['steps.address.outputs.ip']);
    assert.match(text, /-\s+- "600"\n[\s\S]*\+\s+- "700"\n/);
    assert.match(
      text,
      new RegExp(`\\$ docker rm -f -v ${NAME}\\n {4}\\$ docker run -d --name ${NAME} .*\\n.*sleep 700`),
    );
    assert.is.not(await idOf(doubt), before);
    assert.is(
      await doubt.rig.read('address'),
      await doubt.docker(`inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' ${NAME}`),
    );
  }),
);

test.run();
