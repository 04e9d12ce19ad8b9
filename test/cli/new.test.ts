import {spawnSync} from 'node:child_process';
import {appendFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {parse} from 'yaml';
import {type CliRig, cliTest, program} from '../cli-rig.ts';
import {mayRun} from '../tools.ts';

const test = suite('new');

const stepsOf = async (rig: CliRig, path: string): Promise<readonly Record<string, unknown>[]> =>
  (parse(await rig.read(path)) as {steps: Record<string, unknown>[]}).steps;

test(
  'makes a runbook of a docker command, with a look at the port that it publishes',
  cliTest(async (rig) => {
    const command = ['docker', 'run', '-d', '--name', 'web', '-p', '8080:80', 'nginx'];
    const {code, stdout, stderr} = await rig.runbook(['new', 'web', '--', ...command]);

    assert.is(code, 0, stderr);
    assert.is(stdout, 'web.yaml\n');
    assert.match(stderr, /runbook plan \.\/web\.yaml\n +runbook run \.\/web\.yaml\n +runbook learn \.\/web\.yaml/);
    assert.match(await rig.read('web.yaml'), /^# yaml-language-server: \$schema=runbook\.schema\.json\n/);
    const [run, look] = await stepsOf(rig, 'web.yaml');
    assert.equal([run?.uses, run?.with], ['docker.run', {name: 'web', image: 'nginx', ports: ['8080:80']}]);
    assert.equal([look?.uses, look?.with], ['http.get', {url: 'http://localhost:8080/'}]);
    assert.is(look?.within, '30s');
    assert.is((await rig.runbook(['validate', './web.yaml'])).code, 0);
  }),
);

test(
  'keeps the words of any other command as they are, in the folder of runbooks, where its name finds it',
  cliTest(async (rig) => {
    await rig.write({'runbooks/other.yaml': ''});

    const made = await rig.runbook(['new', 'hello', '--', 'echo', "it's  two words", '$HOME']);
    const ran = await rig.runbook(['run', 'hello']);

    assert.is(made.code, 0, made.stderr);
    assert.is(made.stdout, 'runbooks/hello.yaml\n');
    assert.is(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, "| it's  two words $HOME");
  }),
);

test(
  'without a terminal writes a template that runs as it stands',
  cliTest(async (rig) => {
    const made = await rig.runbook(['new', 'first']);
    const ran = await rig.runbook(['run', './first.yaml', '--set', 'greeting=Hi']);

    assert.is(made.code, 0, made.stderr);
    assert.is(ran.code, 0, ran.stderr);
    assert.is(await rig.read('first.txt'), 'Hi, world\n');
  }),
);

test(
  'overwrites nothing, and takes no path for a name',
  cliTest(async (rig) => {
    await rig.write({'mine.yaml': 'mine'});

    const over = await rig.runbook(['new', 'mine']);
    const path = await rig.runbook(['new', '../mine']);

    assert.is(over.code, 2);
    assert.match(over.stderr, '[file-exists]');
    assert.is(await rig.read('mine.yaml'), 'mine');
    assert.is(path.code, 2);
    assert.match(path.stderr, '[bad-value]');
  }),
);

const hasScript = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') === true;
const onTerminal = mayRun(hasScript, "questions on a real terminal (util-linux's script is not installed)")
  ? test
  : test.skip;

onTerminal(
  'on a terminal asks what it is for, what is done first, and what shows that it worked',
  cliTest(async (rig) => {
    const words = [...program, 'new', 'asked'].map((word) => `'${word}'`).join(' ');
    // the keys come by a pipe that stays open, so that each answer is typed when its question stands there
    const live = rig.start(['-c', `mkfifo keys; exec 3<>keys; script -qefc "${words}" /dev/null <&3`], {
      command: ['sh'],
      env: {TERM: 'xterm-256color'},
    });
    const type = (text: string): Promise<void> => appendFile(join(rig.dir, 'keys'), `${text}\r`);
    await live.says('What is it for');
    await type('Say hello');
    await live.says('What is the first command');
    await type('echo hello > said');
    await live.says('Which command shows');
    await type('cat said');
    const {code, stdout, stderr} = await live.ended;

    assert.is(code, 0, stdout + stderr);
    const text = await rig.read('asked.yaml');
    assert.match(text, 'title: Say hello');
    const [act, look] = await stepsOf(rig, 'asked.yaml');
    assert.equal([act?.run, look?.run, look?.effect], ['echo hello > said', 'cat said', 'reads']);
    assert.is((await rig.runbook(['run', './asked.yaml'])).code, 0);
  }),
);

test.run();
