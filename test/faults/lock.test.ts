import {execFileSync} from 'node:child_process';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest} from '../cli-rig.ts';
import {mayMount} from '../mounts.ts';
import {isSoak} from '../random.ts';
import {Crowd, contender, fight, isFreeOf} from './crowd.ts';
import {inContainer} from './in-container.ts';

const test = suite('lock faults');
const onOwnDisk = mayMount() ? test : test.skip;

const CONTENDERS = isSoak ? 1000 : 60;

test(
  'never has two holders, and always has a next one, among hundreds of processes that are killed at random',
  cliTest(async ({dir}) => {
    const crowd = new Crowd(dir);
    try {
      await fight(crowd, CONTENDERS, () => crowd.start(['dismantle']));
    } finally {
      await crowd.end();
    }

    const {entered, takenOver} = crowd.neverTwo();

    assert.ok(entered > CONTENDERS / 2, `${entered} entered`);
    assert.ok(takenOver > CONTENDERS / 10, `${takenOver} taken over`);
    isFreeOf(crowd);
  }, 600_000),
);

test(
  'goes to one of many that ask at the same moment; the others are refused',
  cliTest(async ({dir}) => {
    const many = isSoak ? 100 : 16;
    const crowd = new Crowd(dir);
    try {
      const moment = String(Date.now() + many * 150);
      for (let n = 0; n < many; n++) crowd.start(['once', moment]);
      await crowd.goesOn(many - 1 + 5 - crowd.lines().length); // some may be through already
    } finally {
      await crowd.end();
    }

    assert.is(crowd.neverTwo().entered, 1);
    assert.is(crowd.lines().filter((line) => line.startsWith('refused')).length, many - 1);
  }, 120_000),
);

onOwnDisk(
  'never has two holders across containers that share a state directory, each with its own process ids',
  cliTest(async ({dir}) => {
    const crowd = new Crowd(dir);
    const around = inContainer(dir, crowd.folder);
    try {
      await fight(crowd, isSoak ? 400 : 20, () =>
        crowd.started % 2 === 0 ? crowd.start() : crowd.start(['again'], around, 'mnt'),
      );
    } finally {
      await crowd.end();
    }

    const {entered, takenOver} = crowd.neverTwo();

    assert.ok(entered > 10 && takenOver > 1, `${entered} entered, ${takenOver} taken over`);
  }, 600_000),
);

/** Kills the holder, gives its number to another process, and wants the lock. As the first process of a namespace. */
const REUSE = `
node=$1 contender=$2 folder=$3 record=$4
"$node" "$contender" first "$folder" "$record" once & holder=$!
while ! grep -q enter "$record"; do sleep 0.05; done
kill -KILL $holder
wait $holder || true
while test "\${other:-}" != $holder; do
  test -z "\${other:-}" || kill $other
  echo $((holder - 1)) > /proc/sys/kernel/ns_last_pid
  sleep 60 & other=$!
done
"$node" "$contender" second "$folder" "$record" once &
while ! grep -q taken-over "$record"; do sleep 0.05; done
`;

onOwnDisk(
  'of a dead process whose number another one has now is taken over',
  cliTest(async ({dir}) => {
    const crowd = new Crowd(dir);
    const script = ['sh', '-euc', REUSE, 'sh', process.execPath, contender, crowd.folder, crowd.record];
    execFileSync('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', ...script], {
      timeout: 30_000,
      stdio: 'pipe',
    });

    assert.equal(
      crowd.lines().flatMap((line) => (line.startsWith('enter') ? [line.split(' ')[2]] : [])),
      ['free', 'taken-over'],
    );
  }),
);

test.run();
