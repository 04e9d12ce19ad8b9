import {createHmac} from 'node:crypto';
import {damagedKey, hasKey, makeKey, newKey, readKey} from './key.ts';
import {seal, unseal} from './seal.ts';
import type {Json} from './step-type.ts';

/** The key of a state directory, and what is made with it. It is read when it is first needed. */
export class StoreKey {
  readonly #dir: string;
  readonly #wasUsed: () => boolean;
  #key: Buffer | undefined;

  /** `wasUsed`: a run has hashes, so that there must be a key. */
  constructor(dir: string, wasUsed: () => boolean) {
    this.#dir = dir;
    this.#wasUsed = wasUsed;
  }

  /** Makes one where none was made yet. */
  prepare(): void {
    if (!hasKey(this.#dir) && !this.#wasUsed()) makeKey(this.#dir);
    this.#key = undefined;
  }

  fingerprint(secret: string): string {
    return createHmac('sha256', this.#now()).update(secret).digest('hex').slice(0, 32);
  }

  seal(value: Json): string {
    return seal(this.#now(), JSON.stringify(value));
  }

  unseal(sealed: string): Json | undefined {
    const text = unseal(this.#now(), sealed);
    return text === undefined ? undefined : (JSON.parse(text) as Json);
  }

  #now(): Buffer {
    this.#key ??= readKey(this.#dir) ?? this.#passing();
    return this.#key;
  }

  /** Where no run has hashes there is nothing to compare with: a look needs no key that lasts. */
  #passing(): Buffer {
    if (this.#wasUsed()) throw damagedKey(this.#dir, 'it is missing');
    return newKey();
  }
}
