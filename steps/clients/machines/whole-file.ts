import {randomUUID} from 'node:crypto';
import {mkdir, open, rename, unlink} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {orExplain} from '../file.ts';

/** Makes a folder that only its owner may enter. */
export const privateFolder = async (path: string): Promise<string> => {
  await orExplain(path, () => mkdir(path, {recursive: true, mode: 0o700}));
  return path;
};

/** Writes a file whole or not at all; of several writers at once the last one counts. Its owner's alone unless said. */
export const writeWhole = (path: string, text: string, mode = 0o600): Promise<void> =>
  orExplain(path, async () => {
    const draft = join(dirname(path), `.${randomUUID()}`);
    try {
      const file = await open(draft, 'wx', mode);
      await file
        .writeFile(text)
        .then(() => file.sync())
        .finally(() => file.close());
      await rename(draft, path);
    } catch (error) {
      await unlink(draft).catch(() => undefined);
      throw error;
    }
  });
