import {writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {diagnose, missing, repair, requirements} from '../../cli/doctor/doctor.ts';
import {checkNode} from '../../cli/doctor/tools.ts';
import {only, onMachine, script} from '../doctor-rig.ts';

const test = suite('doctor');

test(
  'says when runs cannot be kept',
  onMachine(async (machine, dir) => {
    assert.ok(only(await diagnose(machine, ['state']), 'state').ok);

    await writeFile(join(dir, 'file'), '');
    const state = only(await diagnose({...machine, stateDir: join(dir, 'file/.runbook')}, ['state']), 'state');

    assert.not.ok(state.ok);
    assert.match(state.fix?.join() ?? '', '--state-dir');
  }),
);

test(
  'notes an absent tool, and requires it only of who asks for it',
  onMachine(async (machine, dir) => {
    const bare = {...machine, env: {...machine.env, PATH: dir}};
    const jq = only(await diagnose(bare), 'jq');
    assert.equal([jq.ok, jq.required, jq.found], [false, false, 'not there']);

    assert.equal(
      missing(await diagnose(bare, ['jq'])).map(({name}) => name),
      ['jq'],
    );
  }),
);

test(
  'reads the version of a tool wherever the tool prints it',
  onMachine(async (machine, dir) => {
    await script(join(dir, 'dig'), 'echo "DiG 9.18.49-1~deb12u3-Debian" >&2');

    const dig = only(await diagnose({...machine, env: {PATH: `${dir}:${process.env.PATH}`}}, ['dig']), 'dig');

    assert.is(dig.found, '9.18.49');
  }),
);

test(
  'says how to get Compose on releases that have it, and on the one that has not',
  onMachine(async (machine, dir) => {
    const bare = {...machine, env: {...machine.env, PATH: dir}};

    const {fix = []} = only(await diagnose(bare, ['docker-compose']), 'docker-compose');

    assert.match(fix.join('\n'), 'apt-get install docker-compose-v2');
    assert.match(
      fix.join('\n'),
      `Debian 12, which has version 1 only, or without root: sh ${dirname(machine.provision)}`,
    );
    assert.match(fix.join('\n'), '/compose.sh');
  }),
);

test('finds an old Node', async () => {
  assert.equal(
    checkNode('18.20.1').map(({ok}) => ok),
    [false],
  );
  assert.equal(
    checkNode('20.19.0').map(({ok}) => ok),
    [true],
  );
  assert.equal(
    checkNode('22.1.0').map(({ok}) => ok),
    [true],
  );
});

test(
  'knows a check for every name that a runbook may require',
  onMachine(async (machine) => {
    for (const name of Object.keys(requirements)) {
      const findings = await diagnose(machine, [name]);
      assert.not.ok(
        findings.some(({found}) => found === 'nothing that the doctor knows'),
        name,
      );
    }
  }),
);

test(
  'repairs by the script it is given, shows what that prints, and says how it went',
  onMachine(async (machine, dir) => {
    const printed: string[] = [];
    const scripted = {...machine, provision: join(dir, 'docker.sh')};
    await script(scripted.provision, 'echo installing; echo slowly >&2');
    assert.ok(await repair(scripted, (text) => printed.push(text)));
    assert.equal(printed.join('').split('\n').sort(), ['', 'installing', 'slowly']);

    await script(scripted.provision, 'exit 3');
    assert.not.ok(await repair(scripted, () => {}));
  }),
);

test.run();
