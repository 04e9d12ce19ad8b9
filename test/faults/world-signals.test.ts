/** A process that is stopped for a while (SIGSTOP, SIGCONT), a step that is, and signals that come twice. */
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Live, shellRunbook} from '../cli-rig.ts';

const test = suite('world: signals');

/** Longer than every limit in these runbooks, and than what counts as having slept. */
const ASLEEP_MS = 4000;

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(20);
};

const asleep = async (live: Live, meanwhile: () => Promise<unknown> | unknown): Promise<void> => {
  live.signal('SIGSTOP');
  await meanwhile();
  await sleep(ASLEEP_MS);
  live.signal('SIGCONT');
};

test(
  'SIGSTOP: time in which the process did not run is no reason to give up',
  cliTest(async (rig) => {
    let answer: http.ServerResponse | undefined;
    const server = http.createServer((_, response) => (answer = response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await rig.write({
      'slept.yaml': `
name: slept
title: Limits that would all have passed
steps:
  - {id: asks, uses: http.get, with: {url: "${url}", timeout: 3s}, needs: []}
  - {id: waits, run: 'touch waits; test -e there', effect: reads, expect: result.exitCode == 0, within: 3s, needs: []}
  - {id: limited, run: 'touch limited; sleep 1', timeout: 3s, needs: []}
`,
    });
    try {
      const live = rig.start(['run', './slept.yaml']);
      await until(() => answer !== undefined && rig.exists('waits') && rig.exists('limited'));

      await asleep(live, () => {
        answer?.end('late');
        return rig.write({there: ''});
      });

      const {code, stderr} = await live.ended;
      assert.is(code, 0, stderr);
      assert.match(stderr, '3 ran');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }),
);

test(
  'SIGSTOP: the lock stays held, and nothing that a step prints is lost',
  cliTest(async (rig) => {
    await rig.write({
      'long.yaml': shellRunbook('long', {
        a: 'touch begun; while [ ! -e go ]; do sleep 0.05; done; seq 1 3000; touch printed; sleep 1',
      }),
    });
    const live = rig.start(['run', './long.yaml', '--json']);
    await until(() => rig.exists('begun'));

    await asleep(live, async () => {
      await rig.write({go: ''});
      const second = await rig.runbook(['run', './long.yaml']);
      assert.is(second.code, 5, second.stderr);
      assert.match(second.stderr, `process ${live.child.pid}`);
      assert.is((await rig.runbook(['resume'])).code, 5);
      assert.match((await rig.runbook(['runs'])).stdout, 'running');
    });

    const {code, stdout, stderr} = await live.ended;
    assert.is(code, 0, stderr);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as {type: string; text?: string});
    const printed = events.flatMap(({type, text}) => (type === 'step-output' ? [text] : [])).join('');
    assert.is(printed, Array.from({length: 3000}, (_, n) => `${n + 1}\n`).join(''));
  }),
);

test(
  'SIGSTOP: a step that is stopped is ended at its time limit, and by Ctrl-C',
  cliTest(async (rig) => {
    const script = 'echo $$ > child; kill -STOP $$; echo never >> acts';
    await rig.write({
      'stopped.yaml': shellRunbook('stopped', {a: script}).replace('run:', 'timeout: 1s\n    run:'),
      'long.yaml': shellRunbook('long', {a: script}),
    });

    const limited = await rig.runbook(['run', './stopped.yaml']);

    assert.is(limited.code, 1, limited.stderr);
    assert.match(limited.stderr, '[timed-out]');
    assert.not.ok(isAlive(await rig.read('child')));

    await rig.write({child: ''});
    const live = rig.start(['run', './long.yaml']);
    await until(() => readFileSync(join(rig.dir, 'child'), 'utf8') !== '');
    live.signal('SIGINT');
    assert.is((await live.ended).code, 130);
    assert.not.ok(isAlive(await rig.read('child')));
    assert.not.ok(rig.exists('acts'));
  }),
);

const isAlive = (pid: string): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid.trim()}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const graceful = (tidyingS: number): string =>
  shellRunbook('graceful', {
    a: `trap "sleep ${tidyingS}; touch tidied; exit 1" TERM; touch begun; while :; do sleep 0.05; done`,
  });

const signalled = async (rig: CliRig, tidyingS: number, ...signals: readonly NodeJS.Signals[]): Promise<number> => {
  await rig.write({'graceful.yaml': graceful(tidyingS)});
  const live = rig.start(['run', './graceful.yaml']);
  await until(() => rig.exists('begun'));
  for (const signal of signals) {
    live.signal(signal);
    await sleep(50);
  }
  return (await live.ended).code;
};

test(
  'SIGHUP: a hang-up that is told twice, by the kernel and by a shell, still lets a step end in peace',
  cliTest(async (rig) => {
    assert.is(await signalled(rig, 0.4, 'SIGHUP', 'SIGHUP'), 129);
    assert.ok(rig.exists('tidied'));
  }),
);

test(
  'SIGINT: a second one is meant, and kills at once',
  cliTest(async (rig) => {
    assert.is(await signalled(rig, 1.8, 'SIGINT', 'SIGINT'), 130);
    assert.not.ok(rig.exists('tidied'));
  }),
);

test.run();
