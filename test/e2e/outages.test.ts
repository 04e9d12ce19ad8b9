/** A Docker daemon that goes away in the middle of a run. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, program} from '../cli-rig.ts';
import {engineTest, startEngine, type TestEngine, testEngine} from '../docker-engine.ts';

const test = suite('outages');

const RUNBOOK = `
name: two
title: Two containers, and a pause between them
steps:
  - id: first
    uses: docker.run
    with: {name: rbt-first, image: "runbook/test:1", command: [sleep, "600"]}
  - id: pause
    run: touch paused; while [ ! -e go ]; do sleep 0.1; done
  - id: second
    uses: docker.run
    with: {name: rbt-second, image: "runbook/test:1", command: [sleep, "600"]}
`;

/** A second engine, which may die; it has its image from the tests' shared one. */
const engineWithImage = async (rig: CliRig): Promise<TestEngine> => {
  const shared = await testEngine();
  await shared.load('runbook/test:1');
  const engine = await startEngine();
  const copy = `docker save runbook/test:1 | DOCKER_HOST=${engine.env.DOCKER_HOST} docker load`;
  const copied = await rig.runbook([], {command: ['sh', '-c', copy], env: shared.env});
  assert.is(copied.code, 0, copied.stderr);
  return engine;
};

engineTest(test)(
  'a daemon that dies is said, and the run goes on with the next one',
  cliTest(async (rig) => {
    await rig.write({'two.yaml': RUNBOOK});
    const call = (engine: TestEngine, ...args: string[]) =>
      rig.start([], {command: [...engine.inside, ...program, ...args] as [string, ...string[]], env: engine.env});
    const first = await engineWithImage(rig);
    const live = call(first, 'run', './two.yaml');
    await live.says('pause');

    await first.stop();
    await rig.write({go: ''});
    const broken = await live.ended;

    assert.is(broken.code, 1, broken.stderr);
    assert.match(broken.stderr, 'docker-unreachable');
    assert.match(broken.stderr, 'runbook resume');

    const second = await engineWithImage(rig);
    try {
      const resumed = await call(second, 'resume').ended;
      assert.is(resumed.code, 0, resumed.stderr);
      const names = rig.start([], {
        command: ['docker', 'ps', '--format', '{{.Names}}'],
        env: second.env,
      });
      assert.equal((await names.ended).stdout.trim().split('\n').sort(), ['rbt-first', 'rbt-second']);
    } finally {
      await second.stop();
    }
  }, 120_000),
);

test.run();
