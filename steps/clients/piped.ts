import {type ChildProcess, type ChildProcessWithoutNullStreams, type SpawnOptions, spawn} from 'node:child_process';
import type {Readable} from 'node:stream';

type Options = Omit<SpawnOptions, 'stdio'>;

/** A process that is read, and given nothing. */
export type Unfed = ChildProcess & {readonly stdout: Readable; readonly stderr: Readable};

/**
 * Starts a process whose three streams are pipes.
 * @throws EMFILE where no more files may be opened: it has no streams then, and Node would tell nobody until later
 */
export const spawnPiped = (file: string, args: readonly string[], options: Options): ChildProcessWithoutNullStreams => {
  const child = spawn(file, [...args], {...options, stdio: ['pipe', 'pipe', 'pipe']});
  mustHave([child.stdin, child.stdout, child.stderr], child, file);
  return child;
};

/**
 * The same without a pipe for its standard input, which is /dev/null.
 * @throws EMFILE
 */
export const spawnUnfed = (file: string, args: readonly string[], options: Options): Unfed => {
  const child = spawn(file, [...args], {...options, stdio: ['ignore', 'pipe', 'pipe']});
  mustHave([child.stdout, child.stderr], child, file);
  return child;
};

const mustHave = (streams: readonly unknown[], child: ChildProcess, file: string): void => {
  if (streams.every(Boolean)) return;
  child.on('error', () => {});
  throw Object.assign(new Error(`spawn ${file} EMFILE`), {code: 'EMFILE'});
};
