/** The drill breaks what the other runbooks have made, and leaves it whole, also when it is interrupted itself. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest} from '../docker-engine.ts';
import {hasTools} from '../tools.ts';
import {type Tutorial, tutorialTest} from '../tutorial-rig.ts';

const test = suite('failover-drill');
const onEngine = hasTools('curl', 'dig', 'jq') ? engineTest(test) : test.skip;

const SERVERS = ['consul-server1', 'consul-server2', 'consul-server3'];

const runningServers = async (tutorial: Tutorial): Promise<string[]> =>
  (await tutorial.reality()).running.filter((name) => SERVERS.includes(name));

onEngine(
  'says what to do when there is no cluster to break',
  tutorialTest(async (tutorial) => {
    const refused = await tutorial.runbook('run', 'failover-drill', '--set', 'swarm=false');

    assert.is(refused.code, 1);
    assert.match(refused.stderr, 'This brings it up: runbook run deploy-webapp');
  }),
);

onEngine(
  'kills Consul servers and regains them; it goes on after kill -9, and undo starts what it has stopped',
  tutorialTest(async (tutorial) => {
    const made = await tutorial.runbook('run', 'consul-cluster', '--until', 'members');
    assert.is(made.code, 0, made.stderr);
    const live = tutorial.start('run', 'failover-drill', '--set', 'swarm=false');
    await live.says('no_leader');
    live.signal('SIGKILL');
    await live.ended;
    assert.is((await runningServers(tutorial)).length, 1, `two of three are down: ${live.printed()}`);
    const interrupted = await tutorial.runbook('status');
    assert.is(interrupted.code, 0, `what is meant to end is no drift: ${interrupted.stdout}`);

    const resumed = await tutorial.runbook('resume');

    assert.is(resumed.code, 0, resumed.stderr);
    assert.not.match(resumed.stderr, 'docker kill', 'nothing is killed twice');
    assert.equal(await runningServers(tutorial), SERVERS);
    const leader = await tutorial.sh('curl -fsS localhost:8500/v1/status/leader');
    assert.match(leader.stdout, /:8300/);

    const again = tutorial.start('run', 'failover-drill', '--set', 'swarm=false');
    await again.says('docker kill');
    await again.says('answers ');
    again.signal('SIGINT');
    assert.is((await again.ended).code, 130);
    assert.is((await runningServers(tutorial)).length, 2);
    const undone = await tutorial.runbook('undo', '--yes');
    assert.is(undone.code, 0, undone.stderr);
    assert.equal(await runningServers(tutorial), SERVERS);
  }),
);

test.run();
