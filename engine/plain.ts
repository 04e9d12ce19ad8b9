import {Optional} from '@marcbachmann/cel-js';

/** An expression's result as plain JSON: integers become numbers, times become text, an empty optional becomes null. */
export const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('the result is not a finite number');
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Set) return [...value].map(plain);
  if (value instanceof Map) return plainMap(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Optional) return value.hasValue() ? plain(value.value()) : null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return plainForeign(value);
  return plainMap(Object.entries(value));
};

// CEL's own kinds of value, which the library does not export: an unsigned integer, a duration (in milliseconds), a type.
const plainForeign = (value: object): unknown => {
  const inner = value.valueOf();
  return typeof inner === 'bigint' || typeof inner === 'number' ? Number(inner) : String(value);
};

const plainMap = (entries: Iterable<[unknown, unknown]>): unknown =>
  Object.fromEntries([...entries].map(([key, value]) => [String(key), plain(value)]));
