/** A machine that is used up: no more files, no more processes, little memory. */
import {spawnSync} from 'node:child_process';
import {chmodSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended, program, shellRunbook} from '../cli-rig.ts';
import {hasTools, isRoot, mayRun} from '../tools.ts';

const test = suite('world: limits');

const typed = program.map((word) => `'${word}'`).join(' ');

/** The program in a shell whose limits were lowered. */
const limited = (rig: CliRig, limit: string, args: string): Promise<Ended> =>
  rig.start(['-c', `${limit}; exec ${typed} ${args}`], {command: ['bash']}).ended;

const isCalm = ({stderr}: Ended): void => assert.not.match(stderr, /internal error|node:|Unhandled|at async/);

/** Seventy shells at once take their time where others work, too. */
const LIMIT_MS = 240_000;

const items = Array.from({length: 70}, (_, n) => String(n + 1));

/** Seventy steps that all run at the same time, if they may. */
const MANY = `
name: many
title: More at once than there may be
steps:
  - id: one
    foreach: ${JSON.stringify(items)}
    run: while [ ! -e go ] && [ "$(ls begun-* 2>/dev/null | wc -l)" -lt 70 ]; do touch begun-\${{ item.key }}; sleep 0.2; done; touch done-\${{ item.key }}
    timeout: 2s
    needs: []
`;

const isDone = (rig: CliRig): void => {
  for (const item of items) assert.ok(rig.exists(`done-${item}`), item);
};

test(
  'too few files to start with are named, and nothing has begun',
  cliTest(async (rig) => {
    await rig.write({'one.yaml': shellRunbook('one', {a: 'true'})});
    let limit = 40;
    const withLess = (): Promise<Ended> => limited(rig, `ulimit -n ${limit--}`, 'run ./one.yaml');

    let ended = await withLess();
    while (rig.exists('.runbook') && limit > 0) {
      isCalm(ended);
      await rm(join(rig.dir, '.runbook'), {recursive: true});
      ended = await withLess();
    }

    assert.is(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, '[out-of-resources]');
    assert.match(ended.stderr, 'ulimit -n');
    assert.not.ok(rig.exists('.runbook'));
    isCalm(ended);
  }),
);

test(
  'too few files for all steps at once fail those that they do not suffice for, and the run goes on with less',
  cliTest(async (rig) => {
    await rig.write({'many.yaml': MANY});

    const ended = await limited(rig, 'ulimit -n 120', 'run ./many.yaml --concurrency 70 --keep-going');
    assert.is(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, 'cannot start sh: this process may not open more files [out-of-resources]');
    assert.match(ended.stderr, '--concurrency 2');
    isCalm(ended);

    await rig.write({go: ''});
    const resumed = await limited(rig, 'ulimit -n 120', 'resume');
    assert.is(resumed.code, 0, resumed.stderr);
    isDone(rig);
  }, LIMIT_MS),
);

/** Root has no limit of processes; somebody who runs nothing else has. */
const AS_SOMEBODY = ['--reuid=54321', '--regid=54321', '--clear-groups'];
const mayRead = (): boolean => spawnSync('setpriv', [...AS_SOMEBODY, ...program, '--version'], {cwd: '/'}).status === 0;
const asSomebody =
  isRoot() && hasTools('setpriv') && mayRun(mayRead(), 'tests as another user, who may not read the program here')
    ? test
    : test.skip;

asSomebody(
  'too few processes fail a step, and the run goes on when there are more',
  cliTest(async (rig) => {
    await rig.write({'many.yaml': MANY, go: ''});
    chmodSync(rig.dir, 0o777);
    const as = (limit: string, args: string) =>
      rig.start([...AS_SOMEBODY, 'bash', '-c', `${limit}; exec ${typed} ${args}`], {command: ['setpriv']}).ended;

    const ended = await as('ulimit -u 24', 'run ./many.yaml --concurrency 70 --keep-going');
    assert.is(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, 'cannot start sh: no further process may be started [out-of-resources]');
    assert.match(ended.stderr, 'ulimit -u');
    isCalm(ended);

    const resumed = await as('ulimit -u 200', 'resume');
    assert.is(resumed.code, 0, resumed.stderr);
    isDone(rig);
  }, LIMIT_MS),
);

test(
  'little memory suffices for a step that prints much',
  cliTest(async (rig) => {
    await rig.write({
      'loud.yaml': 'name: loud\ntitle: Much output\nsteps:\n  - {id: a, run: "yes 0123456789 | head -c 100000000"}\n',
    });

    const ended = await limited(rig, 'export NODE_OPTIONS=--max-old-space-size=64', 'run ./loud.yaml 2>log');

    assert.is(ended.code, 0, await rig.read('log'));
    assert.match(await rig.read('log'), 'it prints more than is shown here');
    assert.ok((await rig.runbook(['log'])).stdout.length > 9_000_000);
  }),
);

test.run();
