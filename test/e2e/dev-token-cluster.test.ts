/** The tutorial's first cluster, end to end: real machines, a real swarm, a real join token. */
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {program} from '../cli-rig.ts';
import {engineTest} from '../docker-engine.ts';
import {hasTools} from '../tools.ts';
import {type Tutorial, tutorialTest} from '../tutorial-rig.ts';

const test = suite('dev-token-cluster');
const onEngine = hasTools('curl', 'dig', 'jq') ? engineTest(test) : test.skip;

const MACHINES = ['swarm-agent-00', 'swarm-agent-01', 'swarm-master'];

const output = async (tutorial: Tutorial, line: string): Promise<string> => {
  const done = await tutorial.sh(line);
  assert.is(done.code, 0, `${line}: ${done.stderr}`);
  return done.stdout.trim();
};

/** By plain docker, beside the program. */
const proveSwarm = async (tutorial: Tutorial): Promise<void> => {
  const nodes = await output(tutorial, `docker --context swarm-master node ls --format '{{.Hostname}} {{.Status}}'`);
  assert.equal(
    nodes.split('\n').sort(),
    MACHINES.map((name) => `${name} Ready`),
  );
  const tasks = await output(
    tutorial,
    `docker --context swarm-master service ps spreadtest --filter desired-state=running --format '{{.Node}}' | sort | uniq -c`,
  );
  assert.is(tasks.replace(/\s+/g, ' '), '3 swarm-agent-00 3 swarm-agent-01', 'the master is drained');
};

/** Ids and times of start of all containers on all engines. */
const everythingStarted = (tutorial: Tutorial): Promise<string> =>
  output(
    tutorial,
    `for on in default ${MACHINES.join(' ')}; do
       docker --context $on ps -aq --no-trunc | xargs docker --context $on inspect -f '{{.Id}} {{.State.StartedAt}}' | sort
     done`,
  );

/** A text in base64, wherever it stands in what is encoded: its inner part, at each of the three alignments. */
const encodings = (text: string): string[] =>
  [0, 1, 2].map((shift) =>
    Buffer.from(`${'-'.repeat(shift)}${text}`)
      .toString('base64')
      .slice(4, -4),
  );

onEngine(
  'comes up from nothing, is left alone by a second run, and is gone after undo; nobody sees the token',
  tutorialTest(async (tutorial) => {
    const before = await tutorial.reality();
    const first = await tutorial.runbook('run', 'dev-token-cluster');
    assert.is(first.code, 0, first.stderr);
    await proveSwarm(tutorial);

    const master = await output(
      tutorial,
      `eval "$(${program.join(' ')} env swarm-master)" && docker info --format '{{.Name}} {{.Swarm.LocalNodeState}}'`,
    );
    assert.is(master, 'swarm-master active');
    assert.is(await output(tutorial, 'docker context show'), 'default', 'the current context stays');

    const made = await everythingStarted(tutorial);
    const second = await tutorial.runbook('run', 'dev-token-cluster');
    assert.is(second.code, 0, second.stderr);
    assert.is(await everythingStarted(tutorial), made);
    const status = await tutorial.runbook('status');
    assert.is(status.code, 0, status.stdout);

    const token = await output(tutorial, 'docker --context swarm-master swarm join-token -q worker');
    assert.match(token, /^SWMTKN-1-/);
    const printed = [first, second, status].map(({stdout, stderr}) => stdout + stderr).join('');
    for (const secret of [token, token.split('-').at(-1) ?? '', ...encodings(token)]) {
      assert.not.ok(printed.includes(secret), 'the token was printed');
      const found = await tutorial.sh(`grep -rlF -e '${secret}' .runbook "$XDG_DATA_HOME" "$DOCKER_CONFIG"`);
      assert.is(found.stdout, '', 'the token was stored');
    }

    await tutorial.runbook('undo', '--yes');
    const [{run: oldest}] = JSON.parse((await tutorial.runbook('runs', '--json')).stdout).slice(-1);
    const undone = await tutorial.runbook('undo', oldest, '--yes');
    assert.is(undone.code, 0, undone.stderr);
    assert.equal(await tutorial.reality(), before);
  }),
);

onEngine(
  'goes on after kill -9, and starts nothing twice',
  tutorialTest(async (tutorial) => {
    const before = await tutorial.reality();
    const live = tutorial.start('run', 'dev-token-cluster');
    await live.says('join[swarm-agent-00]');
    await sleep(50);
    live.signal('SIGKILL');
    await live.ended;
    const made = await tutorial.started();

    const resumed = await tutorial.runbook('resume');

    assert.is(resumed.code, 0, resumed.stderr);
    assert.equal(await tutorial.started(), made);
    await proveSwarm(tutorial);
    assert.is((await tutorial.runbook('undo', '--yes')).code, 0);
    assert.equal(await tutorial.reality(), before);
  }),
);

test.run();
