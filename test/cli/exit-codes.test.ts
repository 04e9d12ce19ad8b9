import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest, shellRunbook} from '../cli-rig.ts';

const test = suite('exit codes');

test(
  '0: done',
  cliTest(async (rig) => {
    await rig.write({'runbooks/hello.yaml': shellRunbook('hello', {a: 'echo hello', b: 'true'})});

    const {code, stderr, stdout} = await rig.runbook(['run', 'hello']);

    assert.is(code, 0, stderr);
    assert.match(stderr, '| hello');
    assert.match(stderr, /✔ done in .*: 2 ran/);
    assert.is(stdout, '');
  }),
);

test(
  '1: a step failed, and the line that resumes is printed',
  cliTest(async (rig) => {
    await rig.write({'runbooks/bad.yaml': shellRunbook('bad', {a: 'true', b: 'echo broken >&2; exit 7', c: 'true'})});

    const {code, stderr} = await rig.runbook(['run', 'bad']);

    assert.is(code, 1, stderr);
    assert.match(stderr, /✖ runbooks\/bad\.yaml:6:\d+: step "b"/);
    assert.match(stderr, 'broken');
    assert.match(stderr, /runbook resume \d{8}-\d{6}-\w{5}/);
    assert.match(stderr, '✖ failed after');
  }),
);

test(
  '2: the runbook is wrong',
  cliTest(async (rig) => {
    await rig.write({'bad.yaml': 'name: bad\nsteps:\n  - id: a\n    uses: shel\n'});

    const {code, stderr} = await rig.runbook(['run', './bad.yaml']);

    assert.is(code, 2, stderr);
    assert.match(stderr, '✖ bad.yaml:4:');
    assert.match(stderr, 'did you mean "shell"?');
  }),
);

test(
  '2: there is no such runbook, and the nearest is suggested',
  cliTest(async (rig) => {
    await rig.write({'runbooks/hello.yaml': shellRunbook('hello', {a: 'true'})});

    const {code, stderr} = await rig.runbook(['run', 'helo']);

    assert.is(code, 2);
    assert.match(stderr, '[no-such-runbook]');
    assert.match(stderr, 'did you mean "hello"?');
  }),
);

test(
  '2: the command line is wrong',
  cliTest(async (rig) => {
    for (const [args, what, next] of [
      [['rnu'], 'unknown command "rnu"', 'did you mean "run"?'],
      [['run', 'x', '--forn', 'a'], 'unknown option "--forn"', 'did you mean "--from"?'],
      [['run'], 'missing required argument', 'runbook run --help'],
      [['run', 'x', '--concurrency', 'many'], 'whole number', 'runbook run --help'],
      [['run', 'x', '--set', 'servers'], 'input=value', 'runbook run --help'],
      [['resume', '--accept', 'a'], '--accept needs --reason', '--reason'],
    ] as const) {
      const {code, stderr} = await rig.runbook(args);
      assert.is(code, 2, stderr);
      assert.match(stderr, what);
      assert.match(stderr, next);
    }
  }),
);

test(
  '2: nothing is unfinished, and the newest run is named',
  cliTest(async (rig) => {
    await rig.write({'runbooks/hello.yaml': shellRunbook('hello', {a: 'true'})});
    await rig.runbook(['run', 'hello']);

    const {code, stderr} = await rig.runbook(['resume']);

    assert.is(code, 2, stderr);
    assert.match(stderr, '[nothing-to-resume]');
    assert.match(stderr, /newest run is \d{8}-\d{6}-\w{5}/);
  }),
);

test(
  '3: a requirement is missing, and nothing has been started',
  cliTest(async (rig) => {
    await rig.write({
      'runbooks/swarm.yaml': shellRunbook('swarm', {a: 'touch started'}).replace(
        'steps:',
        'requires: [docker]\nsteps:',
      ),
    });

    const {code, stderr} = await rig.runbook(['run', 'swarm'], {env: {DOCKER_HOST: 'unix:///nowhere/docker.sock'}});

    assert.is(code, 3, stderr);
    assert.match(stderr, '[requirement-missing]');
    assert.match(stderr, '/nowhere/docker.sock');
    assert.not.ok(rig.exists('started'));
  }),
);

test(
  '4: something drifted, and resume repairs it',
  cliTest(async (rig) => {
    await rig.write({
      'runbooks/conf.yaml':
        'name: conf\ntitle: A file\nsteps:\n  - id: conf\n    uses: file.write\n    with: {path: ../made.txt, content: hello}\n',
    });
    assert.is((await rig.runbook(['run', 'conf'])).code, 0);
    assert.is((await rig.runbook(['status'])).code, 0);
    await rig.write({'made.txt': 'changed'});

    const drifted = await rig.runbook(['status']);

    assert.is(drifted.code, 4, drifted.stderr);
    assert.match(drifted.stdout, 'drifted');
    const [, run = ''] = /runbook resume (\S+)/.exec(drifted.stdout) ?? [];
    assert.is((await rig.runbook(['resume', run])).code, 0);
    assert.is(await rig.read('made.txt'), 'hello');
  }),
);

test(
  '5: another process holds the runbook',
  cliTest(async (rig) => {
    await rig.write({'runbooks/long.yaml': shellRunbook('long', {a: 'echo begun; sleep 30'})});
    const first = rig.start(['run', 'long']);
    await first.says('| begun');

    const {code, stderr} = await rig.runbook(['run', 'long']);

    assert.is(code, 5, stderr);
    assert.match(stderr, '[run-held]');
    assert.match(stderr, String(first.child.pid));
    first.signal('SIGINT');
    await first.ended;
  }),
);

for (const [signal, expected] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  test(
    `${expected}: interrupted by ${signal}, with the line that goes on`,
    cliTest(async (rig) => {
      await rig.write({'runbooks/long.yaml': shellRunbook('long', {a: 'echo begun; sleep 30', b: 'touch second'})});
      const live = rig.start(['run', 'long']);
      await live.says('| begun');

      live.signal(signal);

      const {code, stderr} = await live.ended;
      assert.is(code, expected, stderr);
      assert.match(stderr, `interrupted (${signal})`);
      assert.match(stderr, /go on with: runbook resume \S+/);
      assert.not.ok(rig.exists('second'));
    }),
  );

test.run();
