import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import dockerLogs from '../../steps/docker-logs.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, dockerTest, failureOf, IMAGE, step} from '../docker-rig.ts';

const test = suite('docker.logs');
const withEngine = engineTest(test);

withEngine(
  'reads what a container printed, on both streams',
  dockerTest(async (rig) => {
    const script = 'for i in 1 2 3; do echo line $i; done; echo oops >&2';
    await docker(rig, `run --name ${rig.unique} ${IMAGE} sh -c '${script}'`);

    const all = await step(dockerLogs, {container: rig.unique}).run(rig.context());
    const last = step(dockerLogs, {container: rig.unique, tail: 2, since: '10m'});

    assert.equal([...all.lines].sort(), ['line 1', 'line 2', 'line 3', 'oops']);
    assert.is((await last.run(rig.context())).lines.length, 2);
    const {stdout, stderr} = await rig.sh(last.command(rig.context()));
    assert.is((stdout + stderr).trim().split('\n').length, 2);
  }),
);

withEngine(
  'reads a container with a terminal, also one that prints JSON',
  dockerTest(async (rig) => {
    await docker(rig, `run -t --name ${rig.unique} ${IMAGE} echo '{"a": 1}'`);

    const {lines} = await step(dockerLogs, {container: rig.unique}).run(rig.context());

    assert.equal(lines, ['{"a": 1}']);
  }),
);

withEngine(
  'holds only when a wanted text is there, and its command line fails likewise',
  dockerTest(async (rig) => {
    await docker(rig, `run --name ${rig.unique} ${IMAGE} echo cluster leader acquired`);
    const wanted = step(dockerLogs, {container: rig.unique, contains: 'leader acquired'});
    const other = step(dockerLogs, {container: rig.unique, contains: "it's lost"});

    await wanted.run(rig.context());
    const error = await failureOf(other.run(rig.context()));

    assert.is(error.details.code, 'check-failed');
    assert.is(error.details.found, 'cluster leader acquired');
    assert.is((await rig.sh(wanted.command(rig.context()))).stdout, 'cluster leader acquired\n');
    assert.is((await rig.sh(other.command(rig.context()))).code, 1);
  }),
);

withEngine(
  'tells of each new line, until it is aborted',
  dockerTest(async (rig) => {
    const controller = new AbortController();
    rig.cleanup(() => controller.abort());
    await docker(rig, `run -d --name ${rig.unique} ${IMAGE} sh -c 'while sleep 0.2; do echo tick; done'`);
    const {options} = step(dockerLogs, {container: rig.unique});

    let told = 0;
    for await (const _ of dockerLogs.changes?.(options, rig.context({signal: controller.signal})) ?? []) {
      told += 1;
      if (told === 3) controller.abort();
    }

    assert.is(told, 3);
  }),
);

withEngine(
  'says that there is no such container',
  dockerTest(async (rig) => {
    const error = await failureOf(step(dockerLogs, {container: rig.unique}).run(rig.context()));

    assert.is(error.details.code, 'no-such-container');
  }),
);

test.run();
