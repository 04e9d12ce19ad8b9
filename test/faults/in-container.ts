import {mkdirSync} from 'node:fs';
import {join} from 'node:path';

/** What starts a command in process and network namespaces of its own, with the folder mounted at `mnt` of its directory. */
export const inContainer = (dir: string, folder: string): readonly string[] => {
  for (const path of [folder, join(dir, 'mnt')]) mkdirSync(path, {recursive: true, mode: 0o700});
  return [
    ...['unshare', '--mount', '--pid', '--net', '--fork', '--kill-child', '--mount-proc', 'sh', '-c'],
    ...[`cd "$0" && mount --bind ${folder} mnt && exec "$@"`, dir],
  ];
};
