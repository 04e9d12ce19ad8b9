import {execFileSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {mayRun} from './tools.ts';

const run = (command: string, ...args: readonly string[]): void =>
  void execFileSync(command, args, {stdio: ['ignore', 'ignore', 'pipe']});

const canMount = (): boolean => {
  try {
    run('unshare', '--mount', 'true');
    return true;
  } catch {
    return false;
  }
};

let known: boolean | undefined;

/** Whether tests can run that mount file systems: as root, and not in a container that forbids it. */
export const mayMount = (): boolean => {
  known ??= mayRun(canMount(), 'tests on file systems of their own (no permission to mount)');
  return known;
};

/** A tmpfs in a folder, with mount options such as `size=64k`, while `body` runs. */
export const onTmpfs = async (dir: string, options: string, body: (disk: string) => Promise<void>): Promise<void> => {
  const disk = join(dir, 'disk');
  mkdirSync(disk, {recursive: true});
  run('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', disk);
  try {
    await body(disk);
  } finally {
    run('umount', '-l', disk);
  }
};

/** A file system in a file, made by `mkfs.KIND`, while `body` runs. */
export const onLoop = async (
  dir: string,
  {kind, size}: {readonly kind: string; readonly size: string},
  body: (disk: string) => Promise<void>,
): Promise<void> => {
  const disk = join(dir, `disk-${kind}`);
  const image = `${disk}.img`;
  mkdirSync(disk);
  run('truncate', '-s', size, image);
  run(`mkfs.${kind}`, '-q', image);
  run('mount', '-o', 'loop', image, disk);
  try {
    await body(disk);
  } finally {
    run('umount', '-l', disk);
  }
};
