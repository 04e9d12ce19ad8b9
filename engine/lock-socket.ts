import {chmodSync, closeSync, openSync} from 'node:fs';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {Worker} from 'node:worker_threads';
import {discard} from './durable.ts';

/*
 * Who holds a lock listens on a socket that is a file beside it, so that others can ask whether it lives: the kernel
 * refuses a connection as soon as the process has ended. That works across namespaces, where process ids say nothing.
 */

/** Paths of sockets are short: 108 bytes on Linux, 104 on macOS, with a NUL at the end. */
const LONGEST_PATH = 103;
/** A refusal and a connection come at once; what takes longer is no refusal. */
const PATIENCE_MS = 2000;

/** A path to a file of a folder that is short enough for a socket; undefined where there is none. */
const inFolder = (folder: string, name: string): {readonly path: string; close(): void} | undefined => {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= LONGEST_PATH) return {path, close: () => {}};
  if (process.platform !== 'linux') return undefined;
  const fd = openSync(folder, 'r');
  return {path: `/proc/self/fd/${fd}/${name}`, close: () => closeSync(fd)};
};

/** Lets others see that this process lives; not every file system can. Ends nothing and keeps nothing from ending. */
export interface Beacon {
  close(): void;
}

/** Begins to listen at once. Without success nobody is told: `answer` gives "unknown" then. */
export const light = (folder: string, name: string): Beacon => {
  const at = inFolder(folder, name);
  if (at === undefined) return {close: () => {}};
  const server = createServer((connection) => connection.destroy());
  server.on('error', () => {});
  // "exclusive": a worker of a cluster would leave it to its primary
  server.listen({path: at.path, exclusive: true});
  server.unref();
  forOwnerOnly(join(folder, name));
  return {
    close: () => {
      server.close();
      at.close();
      discard(join(folder, name));
    },
  };
};

const forOwnerOnly = (file: string): void => {
  try {
    chmodSync(file, 0o600);
  } catch {
    // there is none: not every file system can hold a socket
  }
};

/** Connects, and says how that went. It runs in a thread of its own, since who asks can't wait for an event. */
const CALL = `
const {connect} = require('node:net');
const {workerData: {path, result}} = require('node:worker_threads');
const socket = connect(path);
const say = (number) => { Atomics.store(result, 0, number); Atomics.notify(result, 0); socket.destroy(); };
socket.on('connect', () => say(1)).on('error', ({code}) => say(code === 'ECONNREFUSED' ? 2 : code === 'EAGAIN' ? 1 : 3));
`;

const ANSWERS = ['yes', 'yes', 'no', 'unknown'] as const;

/** Whether the process listens that has lit a beacon. "no" is certain: it has ended. */
export const answer = (folder: string, name: string): 'yes' | 'no' | 'unknown' => {
  const at = inFolder(folder, name);
  if (at === undefined) return 'unknown';
  try {
    const result = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(CALL, {eval: true, workerData: {path: at.path, result}, execArgv: [], env: {}});
    worker.unref();
    Atomics.wait(result, 0, 0, PATIENCE_MS);
    return ANSWERS[Atomics.load(result, 0)] ?? 'unknown';
  } finally {
    at.close();
  }
};
