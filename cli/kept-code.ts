import {mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {Script} from 'node:vm';

// Compiling takes most of a short command's time. V8 can write down what it has made of a script, and read it again when that
// script is the same and so is V8. Only for time: it may be absent, unreadable or of another Node at any moment.

/** Named by what it was called to do: each command has other functions compiled. */
export class KeptCode {
  readonly #places: readonly string[];
  readonly #word: string;
  readonly #fresh = new Map<string, Script>();

  constructor({beside, build, word}: {beside: string; build: string; word: string}) {
    const {XDG_CACHE_HOME: cache, HOME: home, NODE_DISABLE_COMPILE_CACHE: isOff} = process.env;
    const ofUser = cache || (home && join(home, '.cache'));
    const places = [join(beside, 'code'), ...(ofUser ? [join(ofUser, 'runbook/code')] : [])];
    this.#places = isOff ? [] : places.map((place) => join(place, build));
    this.#word = word;
  }

  /** The function that is a CommonJS module's body. */
  compile(file: string): unknown {
    const source = readFileSync(file, 'latin1');
    const name = `${basename(file, '.cjs')}-${this.#word}`;
    const kept = this.#read(name, file);
    const script = new Script(source, {filename: file, ...(kept === undefined ? {} : {cachedData: kept})});
    if (kept === undefined || script.cachedDataRejected) this.#fresh.set(name, script);
    return script.runInThisContext();
  }

  /** Nothing had to be compiled anew so far. */
  get isWhole(): boolean {
    return this.#fresh.size === 0;
  }

  /** Writes down what was compiled anew, with all that has been called by now. */
  keep(): void {
    for (const [name, script] of this.#fresh) this.#places.some((place) => write(place, name, script));
  }

  #read(name: string, file: string): Buffer | undefined {
    for (const place of this.#places) {
      const path = join(place, name);
      try {
        const code = isOurs(path, file) ? undamaged(readFileSync(path)) : undefined;
        if (code !== undefined) return code;
      } catch {
        // not there, or not for us
      }
    }
    return undefined;
  }
}

/** It is run like the program itself, so only what the program's owner or this user has written is read. */
const isOurs = (path: string, program: string): boolean => {
  const {uid} = statSync(path);
  return uid === process.geteuid?.() || uid === statSync(program).uid;
};

// V8 does not look: with half a file it ends the process. A crash loses none of it, since it is synced before it has its name. Of
// what else may cut it or blank it, a word of each kilobyte tells: Node's own checksums take 3 ms to load.
const SUM_BYTES = 4;
const STRIDE_BYTES = 1024;

const sumOf = (code: Buffer): number => {
  let sum = code.length;
  for (let at = 0; at + SUM_BYTES <= code.length; at += STRIDE_BYTES)
    sum = (Math.imul(sum, 31) + code.readUInt32LE(at)) >>> 0;
  return sum;
};

const withSum = (code: Buffer): Buffer => {
  const sum = Buffer.alloc(SUM_BYTES);
  sum.writeUInt32LE(sumOf(code));
  return Buffer.concat([code, sum]);
};

const undamaged = (bytes: Buffer): Buffer | undefined => {
  const code = bytes.subarray(0, -SUM_BYTES);
  return bytes.length > SUM_BYTES && bytes.readUInt32LE(code.length) === sumOf(code) ? code : undefined;
};

const write = (place: string, name: string, script: Script): boolean => {
  const draft = join(place, `${name}.${process.pid}`);
  try {
    mkdirSync(place, {recursive: true, mode: 0o700});
    writeFileSync(draft, withSum(script.createCachedData()), {mode: 0o600, flush: true});
    renameSync(draft, join(place, name));
    return true;
  } catch {
    discard(draft);
    return false;
  }
};

const discard = (file: string): void => {
  try {
    rmSync(file, {force: true});
  } catch {
    // whoever can't write it can't remove it, either
  }
};
