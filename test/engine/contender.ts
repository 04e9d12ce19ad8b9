/** A process of the lock's test: takes the lock again and again, and leaves a mark while it holds it. Arguments: folder, mark, name. */
import {linkSync, rmSync, writeFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {acquireLock, type Lock} from '../../engine/lock.ts';

const [folder = '', marks = '', name = ''] = process.argv.slice(2);
const own = `${marks}/mark-${process.pid}`;
writeFileSync(own, name);

const tryLock = (): Lock | undefined => {
  try {
    return acquireLock(folder, name);
  } catch {
    return undefined;
  }
};

process.stdout.write('ready\n');
for (;;) {
  const lock = tryLock();
  if (lock !== undefined) {
    // link(2) fails when the mark of another holder is there; a dead one's is cleared by who takes over.
    if (lock.takenOverFrom !== undefined) rmSync(`${marks}/held`, {force: true});
    try {
      linkSync(own, `${marks}/held`);
    } catch {
      writeFileSync(`${marks}/two-holders`, name);
    }
    await sleep(Math.random() * 4);
    rmSync(`${marks}/held`);
    lock.release();
    process.stdout.write('held\n');
  }
  await sleep(Math.random() * 2);
}
