import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {variable} from '../../engine/sh.ts';
import swarmInit from '../../steps/swarm-init.ts';
import swarmJoin from '../../steps/swarm-join.ts';
import swarmJoinToken from '../../steps/swarm-join-token.ts';
import {engineTest} from '../docker-engine.ts';
import {failureOf, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';
import {type SwarmNode, startNodes, swarmTest} from '../swarm-rig.ts';

const test = suite('swarm.join');
const withEngine = engineTest(test);

const form = async (rig: StepRig, {address, env}: SwarmNode): Promise<{worker: string; manager: string}> => {
  const context = rig.context({env});
  await step(swarmInit, {advertise_addr: address}).run(context);
  const [worker, manager] = await Promise.all(
    (['worker', 'manager'] as const).map((role) => step(swarmJoinToken, {role}).run(context)),
  );
  return {worker: worker?.token ?? '', manager: manager?.token ?? ''};
};

const join = (manager: string, token: string, options: object = {}) => step(swarmJoin, {manager, token, ...options});

withEngine(
  'makes an engine what its token says, once, and undo takes it out',
  swarmTest(async (rig) => {
    const [master, agent] = (await startNodes(rig, ['swarm-master', 'swarm-agent-00'])) as [SwarmNode, SwarmNode];
    const tokens = await form(rig, master);
    const on = rig.context({env: agent.env});
    const worker = join(master.address, tokens.worker, {role: 'worker', advertise_addr: agent.address});

    const before = await worker.verdict(on);
    const outputs = await worker.run(on);
    await rig.until(async () => (await worker.verdict(on)).ok);
    const again = await worker.run(on);

    assert.equal(before, {
      ok: false,
      expected: `a worker of the swarm of ${master.address}:2377`,
      found: 'it is in no swarm',
    });
    assert.is(outputs.address, agent.address);
    assert.equal(again, outputs);
    assert.equal(await worker.verdict(on), {ok: true, outputs});

    const manager = join(master.address, tokens.manager, {role: 'manager'});
    assert.match((await failureOf(manager.run(on))).message, /is a worker of that swarm/);

    await worker.undo(on);
    await worker.undo(on);
    assert.not.ok((await worker.verdict(on)).ok);
    await manager.run(on);
    await rig.until(async () => (await manager.verdict(on)).ok);
    assert.is(rig.printed(), '');
  }),
);

withEngine(
  'has the same effect as its command line, which reads the token from a variable',
  swarmTest(async (rig) => {
    const [master, agent] = (await startNodes(rig, ['swarm-master', 'swarm-agent-00'])) as [SwarmNode, SwarmNode];
    const tokens = await form(rig, master);
    const on = rig.context({env: agent.env});
    const shown = join(master.address, variable('TOKEN_TOKEN'));
    const line = shown.command(on);

    const {code, stderr} = await rig.sh(line, {...agent.env, TOKEN_TOKEN: tokens.worker});

    assert.is(line, `docker swarm join --token "$TOKEN_TOKEN" ${master.address}`);
    assert.is(code, 0, stderr);
    await rig.until(async () => (await join(master.address, tokens.worker).verdict(on)).ok);
    for (const address of [master.address, `${master.address}:2377`]) {
      const check = swarmJoin.shell?.check?.(join(address, tokens.worker).options, on) ?? 'false';
      assert.is((await rig.sh(check, agent.env)).code, 0);
    }
  }),
);

test('adds no port to an address that is known only later and may have one', () => {
  const {options} = join(variable('SWARM_MANAGER_ADDRESS'), variable('TOKEN_TOKEN'));
  const site = {cwd: '/', dir: '/', on: undefined};
  assert.is(swarmJoin.command(options, site), 'docker swarm join --token "$TOKEN_TOKEN" "$SWARM_MANAGER_ADDRESS"');
  assert.match(swarmJoin.shell?.check?.(options, site) ?? '', / "\$SWARM_MANAGER_ADDRESS"$/);
});

withEngine(
  'refuses an engine that is in another swarm, and a token of another swarm',
  swarmTest(async (rig) => {
    const nodes = await startNodes(rig, ['swarm-master', 'other-master', 'swarm-agent-00']);
    const [master, other, agent] = nodes as [SwarmNode, SwarmNode, SwarmNode];
    const tokens = await form(rig, master);
    const others = await form(rig, other);
    const mine = join(master.address, tokens.worker);

    const member = await failureOf(mine.run(rig.context({env: other.env})));
    const stranger = await failureOf(join(master.address, others.worker).run(rig.context({env: agent.env})));
    const undone = await failureOf(Promise.resolve(mine.undo(rig.context({env: other.env}))));

    for (const error of [member, stranger, undone]) {
      assert.is(error.details.code, 'wrong-swarm');
      for (const token of [tokens.worker, others.worker]) assert.is(JSON.stringify(error).includes(token), false);
    }
    assert.is(member.details.found, `it is a manager at ${other.address}`);
    assert.not.ok((await mine.verdict(rig.context({env: other.env}))).ok);
    await mine.run(rig.context({env: agent.env}));
    await rig.until(async () => (await mine.verdict(rig.context({env: agent.env}))).ok);
  }),
);

withEngine(
  'says that the manager does not answer, and leaves no attempt behind',
  swarmTest(async (rig) => {
    const [master, agent] = (await startNodes(rig, ['swarm-master', 'swarm-agent-00'])) as [SwarmNode, SwarmNode];
    const tokens = await form(rig, master);
    const on = rig.context({env: agent.env});
    const wrong = join('10.213.77.1:2999', tokens.worker);
    const nobody = join('10.213.77.99', tokens.worker);

    const error = await failureOf(wrong.run(on));
    const signal = AbortSignal.timeout(2000);
    const interrupted = await nobody.run(rig.context({env: agent.env, signal})).catch((thrown) => thrown);

    assert.is(error.message, 'the manager 10.213.77.1:2999 does not answer');
    const verdict = await wrong.verdict(on);
    assert.is(verdict.ok ? '' : verdict.found, 'it is in no swarm');
    assert.is(interrupted, signal.reason);
    await join(master.address, tokens.worker).run(on);
    await rig.until(async () => (await join(master.address, tokens.worker).verdict(on)).ok);
  }),
);

test.run();
