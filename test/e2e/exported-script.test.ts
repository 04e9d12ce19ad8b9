import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest, testEngine} from '../docker-engine.ts';
import {type Tutorial, tutorialTest} from '../tutorial-rig.ts';

const test = suite('exported script');
const onEngine = engineTest(test);

const WEBAPP = 'runbook/webapp:1';
const LIMIT_MS = 600_000;

/** Writes the script of a runbook, and sees that shellcheck has nothing to say. */
const exported = async (tutorial: Tutorial, runbook: string, ...options: string[]): Promise<string> => {
  const shown = await tutorial.runbook('show', runbook, '--format', 'sh', ...options);
  assert.is(shown.code, 0, shown.stderr);
  assert.not.match(shown.stdout, 'NOT IN THIS SCRIPT');
  const file = `${runbook}.sh`;
  await tutorial.rig.write({[file]: shown.stdout});
  const checked = await tutorial.sh(`shellcheck ${file}`);
  assert.is(checked.code, 0, checked.stdout);
  return file;
};

/** What a run says now: every step that makes something true is true already. */
const proveTrue = async (tutorial: Tutorial, runbook: string, ...options: string[]): Promise<void> => {
  const run = await tutorial.runbook('run', runbook, '--json', ...options);
  assert.is(run.code, 0, run.stderr);
  const events = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const converging = new Set(
    events
      .find(({type}) => type === 'run-started')
      .steps.filter((step: {effect: string}) => step.effect === 'converges')
      .map((step: {key: string}) => step.key),
  );
  const made = events.filter(
    ({type, step, how}) => type === 'step-finished' && converging.has(step) && how !== 'already-true',
  );
  assert.equal(
    made.map(({step}) => step),
    [],
  );
  const status = await tutorial.runbook('status');
  assert.is(status.code, 0, status.stdout);
};

onEngine(
  'builds the Consul cluster and the Swarm, finds all of it true when started again, and takes it away',
  tutorialTest(async (tutorial) => {
    const script = await exported(tutorial, 'consul-cluster');
    const first = await tutorial.sh(`dash ${script}`);
    assert.is(first.code, 0, first.stderr.slice(-3000) + first.stdout.slice(-2000));
    await proveTrue(tutorial, 'consul-cluster');
    const before = await tutorial.started();
    const token = await tutorial.sh('docker --context swarm-master swarm join-token -q worker');
    assert.match(token.stdout, /^SWMTKN-/);
    const kept = (await tutorial.rig.read('consul-cluster.state')) ?? '';
    assert.not.ok((first.stdout + first.stderr + kept).includes(token.stdout.trim()), 'the token was told');

    const again = await tutorial.sh(`bash ${script}`);
    assert.is(again.code, 0, again.stderr.slice(-3000));
    assert.equal(await tutorial.started(), before);

    await (await testEngine()).load(WEBAPP);
    const webapp = await exported(tutorial, 'deploy-webapp');
    const deployed = await tutorial.sh(`bash ${webapp}`);
    assert.is(deployed.code, 0, deployed.stderr.slice(-3000) + deployed.stdout.slice(-2000));
    await proveTrue(tutorial, 'deploy-webapp');

    const drill = await exported(tutorial, 'failover-drill');
    const drilled = await tutorial.sh(`dash ${drill}`);
    assert.is(drilled.code, 0, drilled.stderr.slice(-3000) + drilled.stdout.slice(-2000));
    await proveTrue(tutorial, 'consul-cluster');

    const there = await tutorial.started();
    const cleanup = await exported(tutorial, 'cleanup');
    const no = await tutorial.sh(`echo n | dash ${cleanup}`);
    assert.is(no.code, 1);
    assert.equal(Object.keys(await tutorial.started()).sort(), Object.keys(there).sort());
    const yes = await tutorial.sh(`echo y | dash ${cleanup}`);
    assert.is(yes.code, 0, yes.stderr.slice(-3000));
    assert.equal(await tutorial.started(), {});
  }, LIMIT_MS),
);

onEngine(
  'builds the Swarm of the token, and lists the tools',
  tutorialTest(async (tutorial) => {
    const preflight = await exported(tutorial, 'preflight');
    const listed = await tutorial.sh(`dash ${preflight}`);
    assert.is(listed.code, 0, listed.stderr);
    assert.match(listed.stdout, /docker engine +[0-9.]+ +20\.10/);

    const script = await exported(tutorial, 'dev-token-cluster');
    for (const shell of ['bash', 'dash']) {
      const built = await tutorial.sh(`${shell} ${script}`);
      assert.is(built.code, 0, built.stderr.slice(-3000) + built.stdout.slice(-2000));
      await proveTrue(tutorial, 'dev-token-cluster');
    }
    await tutorial.runbook('run', 'cleanup', '--yes');
  }, LIMIT_MS),
);

test.run();
