import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import dockerPull from '../../steps/docker-pull.ts';
import machineInspect from '../../steps/machine-inspect.ts';
import machineList from '../../steps/machine-list.ts';
import machineRemove from '../../steps/machine-remove.ts';
import machineSsh from '../../steps/machine-ssh.ts';
import machineStart from '../../steps/machine-start.ts';
import machineStop from '../../steps/machine-stop.ts';
import {engineTest} from '../docker-engine.ts';
import {docker, failureOf, IMAGE, step} from '../docker-rig.ts';
import {contextOf, machine, machineTest} from '../machine-rig.ts';

const test = suite('the life of a machine');
const withEngine = engineTest(test);

withEngine(
  'machine.stop and machine.start keep its address, and undo each other',
  machineTest(async (rig) => {
    const {name, ip} = await machine(rig).run(rig.context());
    const [stop, start] = [step(machineStop, {name}), step(machineStart, {name})];
    const context = contextOf(rig, 'stop');
    assert.not.ok((await stop.verdict(rig.context())).ok);

    await stop.prove(rig);
    assert.not.ok((await start.verdict(rig.context())).ok);
    await start.prove(rig);
    await stop.run(context);
    const seen = await step(machineInspect, {name}).run(rig.context());
    assert.equal([seen.state, seen.version, seen.ip], ['stopped', '', ip]);
    await stop.undo(context);

    assert.is(await docker(rig, `--context ${name} info --format '{{.Name}}'`), name);
    assert.ok((await machine(rig).verdict(rig.context())).ok);
    const wake = contextOf(rig, 'start');
    await start.run(wake);
    await start.undo(wake);
    assert.ok((await start.verdict(rig.context())).ok, 'it ran before');
  }),
);

withEngine(
  'machine.list and machine.inspect tell which engine answers where',
  machineTest(async (rig) => {
    const made = await Promise.all(['m1', 'm2'].map((each) => machine(rig, each).run(contextOf(rig, each))));
    const [first, second] = made.map(({name}) => name);
    await docker(rig, `stop -t 30 ${second}`);

    const {machines, names} = await step(machineList, {}).run(rig.context());

    assert.equal(
      names.filter((name) => name.startsWith(rig.unique)),
      [first, second],
    );
    const [one, two] = machines.filter(({name}) => name.startsWith(rig.unique));
    assert.equal([one?.state, one?.url, one?.driver], ['running', made[0]?.url, 'docker']);
    assert.match(one?.version ?? '', /^\d+\./);
    assert.equal([two?.state, two?.version], ['stopped', '']);
    assert.match(rig.printed(), new RegExp(`^${first} +docker +Running +tcp://.* +v\\d`, 'm'));
    const missing = await failureOf(step(machineInspect, {name: `${rig.unique}-none`}).run(rig.context()));
    assert.match(missing.message, /there is no machine/);
  }),
);

withEngine(
  'machine.ssh runs a command on the machine, word by word',
  machineTest(async (rig) => {
    const {name} = await machine(rig).run(rig.context());
    const ssh = (command: string[]) => step(machineSsh, {name, command});

    const {stdout} = await ssh(['sh', '-c', "ps | grep '[d]ockerd'"]).run(rig.context());

    assert.match(stdout, /dockerd -H unix:\/\/ -H tcp:\/\/0\.0\.0\.0:2376 .*--tlsverify/);
    assert.is((await ssh(['echo', "it's", 'a b']).run(rig.context())).stdout, "it's a b\n");
    const typed = await rig.sh(ssh(['echo', "it's", 'a  b']).command(rig.context()));
    assert.is(typed.stdout, "it's a  b\n");
    const failed = await failureOf(ssh(['sh', '-c', 'echo why >&2; exit 3']).run(rig.context()));
    assert.match(failed.message, /exited with code 3/);
    assert.is(failed.details.found, 'why');
    await docker(rig, `run -d --name ${rig.unique}-stranger ${IMAGE} sleep 1000`);
    const stranger = step(machineSsh, {name: `${rig.unique}-stranger`, command: ['true']});
    assert.match((await failureOf(stranger.run(rig.context()))).message, /there is no machine/);
  }),
);

withEngine(
  'machine.remove takes all of a machine, whatever is left of it, and nothing of others',
  machineTest(async (rig) => {
    const {name} = await machine(rig).run(contextOf(rig, 'a'));
    const remove = step(machineRemove, {name});
    const first = contextOf(rig, 'first');
    assert.not.ok((await remove.verdict(contextOf(rig, 'look'))).ok);

    const removed = await remove.run(first);

    assert.equal(removed, {name, removed: true});
    assert.equal(await remove.verdict(first), {ok: true, outputs: removed});
    assert.equal(await remove.run(contextOf(rig, 'again')), {name, removed: false});
    assert.is(await docker(rig, 'context ls -q'), 'default');
    assert.is((await rig.sh('ls -A data')).stdout, '', 'with the last machine goes the authority');

    await machine(rig).run(contextOf(rig, 'b'));
    await docker(rig, `rm -f -v ${name}`);
    const rest = await remove.verdict(contextOf(rig, 'rest'));
    assert.ok(!rest.ok && /context/.test(rest.found) && /keys/.test(rest.found));
    await remove.run(contextOf(rig, 'c'));

    await machine(rig).run(contextOf(rig, 'd'));
    await remove.prove(rig);

    await docker(rig, `run -d --name ${name} ${IMAGE} sleep 1000`);
    await remove.run(contextOf(rig, 'e'));
    assert.is(await docker(rig, `inspect -f '{{.State.Running}}' ${name}`), 'true');
  }),
);

withEngine(
  'says which driver made a machine, where a step has another',
  machineTest(async (rig) => {
    const {name} = await machine(rig).run(rig.context());

    const error = await failureOf(
      step(machineRemove, {name, driver: 'ssh', host: 'me@host'}).run(contextOf(rig, 'remove')),
    );

    assert.match(error.message, /made by driver docker/);
  }),
);

withEngine(
  'other steps act on it by its name',
  machineTest(async (rig) => {
    const {name} = await machine(rig).run(rig.context());
    await rig.sh(`docker save ${IMAGE} | docker --context ${name} load`);

    const verdict = await step(dockerPull, {image: IMAGE}).verdict(rig.context({on: name}));
    const missing = await step(dockerPull, {image: 'runbook/none:1'}).verdict(rig.context({on: name}));

    assert.ok(verdict.ok);
    assert.not.ok(missing.ok);
    const env = await rig.sh(
      `eval "$(runbook env ${name})"; docker info --format '{{.Name}}'; eval "$(runbook env -u)"`,
    );
    assert.is(env.stdout.trim(), name, env.stderr);
  }),
);

test.run();
