/** Where the commands are typed: in which folder, and with the shell pointed at which machine. */
export class Place {
  /** The machine. */
  on: string | undefined;
  #cwd: string | undefined;

  get cwd(): string | undefined {
    return this.#cwd;
  }

  enter(folder: string): void {
    this.#cwd = this.path(folder);
  }

  /** A path that is typed there, as it is from where the document begins. */
  path(path: string): string {
    return path.startsWith('/') || this.#cwd === undefined ? path : joined(this.#cwd, path);
  }
}

const joined = (folder: string, more: string): string => {
  const parts = `${folder}/${more}`.split('/');
  const kept: string[] = [];
  for (const part of parts) {
    if (part === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (part !== '.' && (part !== '' || kept.length === 0)) kept.push(part);
  }
  return kept.join('/') || '.';
};
