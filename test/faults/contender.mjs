/**
 * A process that wants a lock, from the built program. What it does inside goes to the end of a record, line by line: the
 * kernel orders the lines of all processes. Arguments: its name, folder, record, how ("again"; "dismantle", to take the
 * lock away now and then; or "once" at a time given in ms).
 */
import {openSync, writeSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {acquireLock} from '../../dist/engine/lock.js';

const [name, folder, record, how, moment = '0'] = process.argv.slice(2);
const file = openSync(record, 'a');

const tryLock = () => {
  try {
    return acquireLock(folder, name);
  } catch (error) {
    if (error.code !== 'run-held')
      writeSync(file, `error ${name} ${error.code} ${error.message.replaceAll('\n', ' ')}\n`);
    return undefined;
  }
};

const within = async (lock, tag) => {
  writeSync(file, `enter ${tag} ${lock.takenOverFrom === undefined ? 'free' : 'taken-over'}\n`);
  for (let n = 0; n < 4; n++) {
    await sleep(Math.random() * 3);
    writeSync(file, `in ${tag}\n`);
  }
};

if (how === 'once') {
  await sleep(Math.max(0, Number(moment) - Date.now()));
  const lock = tryLock();
  if (lock === undefined) writeSync(file, `refused ${name}\n`);
  else await within(lock, name);
  setInterval(() => {}, 1000);
} else {
  for (let n = 0; ; n++) {
    const lock = tryLock();
    if (lock !== undefined) {
      await within(lock, `${name}.${n}`);
      writeSync(file, `leave ${name}.${n}\n`);
      if (how === 'dismantle' && Math.random() < 0.2) lock.dismantle(`${folder}-gone-${name}-${n}`);
      else lock.release();
    }
    await sleep(Math.random() * 5);
  }
}
