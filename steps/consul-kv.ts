import * as v from 'valibot';
import {prints, quote} from '../engine/sh.ts';
import {defineStepType, PermanentError, type StepContext} from '../engine/step-type.ts';
import {ask, onceLed, type Where} from './clients/consul.ts';
import {apiPath, CONSUL_SECRETS, consulCurl, serverOptions} from './clients/consul-options.ts';
import {fromRemembered, type RememberedBytes, toPutBack, toRemembered} from './clients/remembered-bytes.ts';

const options = v.strictObject({
  key: v.pipe(
    v.string(),
    // Consul's HTTP API tidies such paths and answers with a redirect
    v.regex(
      /^(?!\/)(?![\s\S]*\/\/)(?![\s\S]*(?:^|\/)\.\.?(?:\/|$))[\s\S]+$/,
      'a key has no empty part, and none of dots alone',
    ),
    v.description('The key, such as app/mode'),
  ),
  value: v.optional(v.pipe(v.string(), v.description('The text that it shall have'))),
  absent: v.optional(v.pipe(v.boolean(), v.description('true: there shall be no such key. Instead of `value`')), false),
  ...serverOptions,
});
type Options = v.InferOutput<typeof options>;

/** What the key had; null: there was no such key. */
type Previous = RememberedBytes | null;

/** An entry of Consul's; the client has decoded the value. */
interface Entry {
  readonly Value: Buffer | null;
  readonly ModifyIndex: number;
}

/** The wanted bytes; undefined where there shall be none. */
const wantedOf = ({value, absent}: Options): Buffer | undefined => {
  if (absent === (value !== undefined)) {
    throw new PermanentError('give one of `value` and `absent: true`', {code: 'bad-combination'});
  }
  return value === undefined ? undefined : Buffer.from(value);
};

const read = async (given: Options, context: StepContext): Promise<{value: Buffer; index: number} | undefined> => {
  const entry = await ask<Entry | undefined>(given, context, (api, common) =>
    api.kv.get({key: given.key, buffer: true, ...common} as {key: string}),
  );
  return entry && {value: entry.Value ?? Buffer.alloc(0), index: entry.ModifyIndex};
};

const write = (where: Where, key: string, value: Buffer | undefined, context: StepContext): Promise<unknown> =>
  ask(where, context, (api, common) =>
    value === undefined ? api.kv.del({key, ...common}) : api.kv.set({key, value, ...common}),
  );

const isWanted = (found: Buffer | undefined, wanted: Buffer | undefined): boolean =>
  wanted === undefined ? found === undefined : found?.equals(wanted) === true;

const previousOf = (found: Buffer | undefined): Previous => (found === undefined ? null : toRemembered(found));
/** What a secret replaces is one, too. */
const textOf = (previous: Previous, {value = ''}: Options, context: StepContext): string | null =>
  previous === null || context.isSecret(value) ? null : (fromRemembered(previous)?.toString() ?? null);

const remembered = (given: Options, context: StepContext): Promise<Previous> =>
  context.remember<Previous>('previous', async () => previousOf((await read(given, context))?.value), {sealed: true});

/** Asked by undo where `run` never was: what a person typed is ours, anything else was there before. */
const beforeTyping = async (given: Options, context: StepContext): Promise<Previous> => {
  const found = (await read(given, context))?.value;
  return isWanted(found, wantedOf(given)) ? null : previousOf(found);
};

const LONGEST_SHOWN = 200;

const shown = (value: Buffer | undefined): string => {
  if (value === undefined) return 'no such key';
  const text = JSON.stringify(value.toString());
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
};

const path = ({key}: Options): string => apiPath('kv', key);

/** A key with a given value, or none. */
export default defineStepType({
  name: 'consul.kv',
  about: "Sets or removes a key of Consul's store; undo puts back the value that it replaced.",
  options,
  outputs: v.object({
    previous: v.pipe(
      v.nullable(v.string()),
      v.description('The value that it had before; null without one, and when it held a secret'),
    ),
    index: v.pipe(v.number(), v.description("Consul's ModifyIndex of the key; 0 when there is none")),
  }),
  effect: 'converges',
  secretOptions: [...CONSUL_SECRETS, 'value'],

  command: (given) =>
    given.value === undefined
      ? consulCurl(given, path(given), {method: 'DELETE'})
      : consulCurl(given, path(given), {method: 'PUT', body: given.value}),

  async run(given, context) {
    const wanted = wantedOf(given);
    return await onceLed(context, async () => {
      const previous = await remembered(given, context);
      await write(given, given.key, wanted, context);
      const index = (await read(given, context))?.index ?? 0;
      return {previous: textOf(previous, given, context), index};
    });
  },

  async verify(given, context) {
    const found = await read(given, context);
    const wanted = wantedOf(given);
    if (!isWanted(found?.value, wanted)) {
      const isHidden = found !== undefined && context.isSecret(given.value ?? '');
      return {ok: false, expected: shown(wanted), found: isHidden ? 'another value' : shown(found?.value)};
    }
    const previous = textOf(await remembered(given, context), given, context);
    return {ok: true, outputs: {previous, index: found?.index ?? 0}};
  },

  async undo(given, context) {
    const previous = await context.remember<Previous>('previous', () => beforeTyping(given, context), {sealed: true});
    const value = previous === null ? undefined : toPutBack(previous, given.key);
    await onceLed(context, () => write(given, given.key, value, context));
    return isWanted(value, wantedOf(given)) ? {stays: `${given.key} stays: it was so before`} : undefined;
  },

  shell: {
    check: (given) => {
      if (given.value === undefined) {
        const flags = ['-s', '-o', '/dev/null', '-w', '%{http_code}'];
        return `[ "$(${consulCurl(given, path(given), {flags})})" = 404 ]`;
      }
      const get = consulCurl(given, path(given), {query: ['raw']});
      // no shell word can hold a NUL
      if (given.value.includes('\0'))
        return `[ "$(${get} | od -A n -t x1)" = "$(${prints(given.value)} | od -A n -t x1)" ]`;
      // the dot keeps newlines at the end, which $(...) would take away
      return `x=$(${get} && printf .) && [ "$x" = ${quote(`${given.value}.`)} ]`;
    },
  },
});
