import {type ChildProcessWithoutNullStreams, type SpawnOptions, spawn} from 'node:child_process';

/**
 * Starts a process whose three streams are pipes.
 * @throws EMFILE where no more files may be opened: it has no streams then, and Node would tell nobody until later
 */
export const spawnPiped = (
  file: string,
  args: readonly string[],
  options: Omit<SpawnOptions, 'stdio'>,
): ChildProcessWithoutNullStreams => {
  const child = spawn(file, [...args], {...options, stdio: ['pipe', 'pipe', 'pipe']});
  const streams: readonly unknown[] = [child.stdin, child.stdout, child.stderr];
  if (streams.every(Boolean)) return child as ChildProcessWithoutNullStreams;
  child.on('error', () => {});
  throw Object.assign(new Error(`spawn ${file} EMFILE`), {code: 'EMFILE'});
};
