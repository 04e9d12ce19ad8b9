/**
 * A process of the lock's test: takes the lock again and again, leaves a mark while it holds it, and takes the lock away now
 * and then. Arguments: folder, mark, name.
 */
import {linkSync, rmSync, writeFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {RunbookError} from '../../engine/errors.ts';
import {acquireLock, type Lock} from '../../engine/lock.ts';

const [folder = '', marks = '', name = ''] = process.argv.slice(2);
const own = `${marks}/mark-${process.pid}`;
writeFileSync(own, name);

const tryLock = (): Lock | undefined => {
  try {
    return acquireLock(folder, name);
  } catch (error) {
    if (!(error instanceof RunbookError && error.code === 'run-held')) writeFileSync(`${marks}/error`, String(error));
    return undefined;
  }
};

process.stdout.write('ready\n');
for (let n = 0; ; n++) {
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
    if (Math.random() < 0.3) lock.dismantle(`${marks}/gone-${process.pid}-${n}`);
    else lock.release();
    process.stdout.write('held\n');
  }
  await sleep(Math.random() * 2);
}
