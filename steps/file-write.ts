import {createHash} from 'node:crypto';
import {rmdirSync} from 'node:fs';
import {dirname, isAbsolute, relative, resolve} from 'node:path';
import * as v from 'valibot';
import {prints, quote, sh} from '../engine/sh.ts';
import {defineStepType, PermanentError, type Site, type StepContext} from '../engine/step-type.ts';
import {
  answers,
  hasDraft,
  lookAt,
  lookUp,
  makeFolders,
  missingFolders,
  orExplain,
  removeDraft,
  removeFile,
  replaceFile,
} from './clients/file.ts';
import {type RememberedBytes, toPutBack, toRemembered} from './clients/remembered-bytes.ts';

/** A larger file is not replaced: what undo would need of it does not belong in a journal. */
const MAX_PREVIOUS_BYTES = 1024 * 1024;

const options = v.strictObject({
  path: v.pipe(v.string(), v.minLength(1), v.description("The file; relative to the folder of the runbook's file")),
  content: v.pipe(v.string(), v.description('Its whole content')),
  mode: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^0?[0-7]{3,4}$/, 'an octal mode in quotes, such as "0644"'),
      v.description('Its permissions, octal and in quotes; "0644" by default'),
    ),
    '0644',
  ),
});
type Options = v.InferOutput<typeof options>;

const outputs = v.object({
  path: v.pipe(v.string(), v.description('The absolute path')),
  sha256: v.pipe(v.string(), v.description('Hash of the content, in hex; hidden where the content holds a secret')),
});

/** What stood there before. */
type Previous = {readonly content: RememberedBytes; readonly mode: number};

const pathOf = ({path}: Options, {dir}: Site): string => resolve(dir, path);
const modeOf = ({mode}: Options): number => Number.parseInt(mode, 8);
const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

const holds = (found: ReturnType<typeof lookAt>, given: Options): boolean =>
  found !== null && found.mode === modeOf(given) && found.content.equals(Buffer.from(given.content));

const toRemember = (path: string): Previous | null => {
  const there = lookUp(path);
  if (there === undefined) return null;
  const {size} = there;
  if (size > MAX_PREVIOUS_BYTES) {
    throw new PermanentError(`${path} has ${size} bytes, more than undo can put back`, {
      code: 'file-failed',
      next: `move it away first: mv ${quote(path)} ${quote(`${path}.before`)}`,
    });
  }
  const found = lookAt(path);
  return found === null ? null : {content: toRemembered(found.content), mode: found.mode};
};

/** Asked by undo where `run` never was: what a person typed is ours, anything else was there before. */
const beforeTyping = (path: string, given: Options): Previous | null =>
  holds(lookAt(path), given) ? null : toRemember(path);

/** The folders that the steps of a run have made or are about to make, those of killed processes too. */
const madeBy = new Map<string, Set<string>>();

const removeFolders = async (context: StepContext): Promise<void> => {
  const folders = await context.remember<readonly string[]>('folders', async () => []);
  for (const folder of folders.toReversed()) tryRemove(folder);
};

const tryRemove = (folder: string): void => {
  try {
    rmdirSync(folder);
  } catch {
    // others may use it by now
  }
};

/** Of a secret that is short anybody could find by its hash what it is. */
const hashOf = (content: string, context: StepContext): string => {
  const hash = createHash('sha256').update(content).digest('hex');
  if (context.isSecret(content)) context.hide(hash);
  return hash;
};

/** The path as a person in the run's folder would type it. */
const typed = (given: Options, site: Site): string => {
  const path = relative(site.cwd, pathOf(given, site));
  if (path.startsWith('..') || isAbsolute(path)) return pathOf(given, site);
  return path.startsWith('-') ? `./${path}` : path;
};

const command = (given: Options, site: Site): string => {
  const path = typed(given, site);
  const folder = dirname(path) === '.' ? '' : `${sh`mkdir -p ${dirname(path)}`} && `;
  return `${folder}${prints(given.content)} > ${quote(path)} && ${sh`chmod ${given.mode} ${path}`}`;
};

/** Each of several steps that need the same new folder remembers it: the one that is undone last finds it empty. */
const rememberBefore = async (path: string, context: StepContext): Promise<void> => {
  const run = context.labels['io.runbook.run'] ?? '';
  const made = madeBy.get(run) ?? new Set(context.recall('folders').flat() as string[]);
  madeBy.set(run, made);
  await answers(path);
  // both in one turn, so that they reach the disk with one sync
  const [, folders] = await Promise.all([
    context.remember('previous', async () => toRemember(path), {sealed: true}),
    context.remember<readonly string[]>('folders', async () => missingFolders(dirname(path), made)),
  ]);
  for (const folder of folders) made.add(folder);
};

/** A file with a given content. */
export default defineStepType({
  name: 'file.write',
  about: 'Writes a file, whole or not at all; undo puts back what was there before.',
  options,
  outputs,
  effect: 'converges',
  secretOptions: ['content'],
  command,

  prepare: (given, context) => orExplain(pathOf(given, context), () => rememberBefore(pathOf(given, context), context)),

  async run(given, context) {
    const path = pathOf(given, context);
    return orExplain(path, async () => {
      await rememberBefore(path, context);
      makeFolders(dirname(path));
      replaceFile(path, given.content, modeOf(given), context.key);
      return {path, sha256: hashOf(given.content, context)};
    });
  },

  async verify(given, context) {
    const path = pathOf(given, context);
    await answers(path);
    const found = lookAt(path);
    if (holds(found, given)) return {ok: true, outputs: {path, sha256: hashOf(given.content, context)}};
    const expected = `${path} with mode ${octal(modeOf(given))} and the ${Buffer.byteLength(given.content)} bytes of \`content\``;
    const half = hasDraft(path, context.key) ? ', and half of what was to be written' : '';
    const partial = half === '' ? {} : ({partial: 'incomplete'} as const);
    if (found === null) return {ok: false, expected, found: `no such file${half}`, ...partial};
    const isSame = found.content.equals(Buffer.from(given.content));
    const differs = `mode ${octal(found.mode)} and ${isSame ? 'the same' : 'another'} content of ${found.content.length} bytes`;
    return {ok: false, expected, found: differs + half, ...(isSame ? {partial: 'incomplete'} : partial)};
  },

  async undo(given, context) {
    const path = pathOf(given, context);
    return orExplain(path, async () => {
      await answers(path);
      const previous = await context.remember<Previous | null>('previous', async () => beforeTyping(path, given), {
        sealed: true,
      });
      if (previous !== null) {
        const content = toPutBack(previous.content, path);
        makeFolders(dirname(path));
        replaceFile(path, content, previous.mode, context.key);
        return holds({content, mode: previous.mode}, given) ? {stays: `${path} stays: it was so before`} : undefined;
      }
      removeDraft(path, context.key);
      removeFile(path);
      await removeFolders(context);
      return undefined;
    });
  },

  shell: {
    check: (given, site) => {
      const path = quote(typed(given, site));
      return `${prints(given.content)} | cmp -s - ${path} && [ -n "$(find ${path} -prune -perm ${given.mode})" ]`;
    },
    outputs: {
      path: (given, site) => sh`realpath ${typed(given, site)}`,
      sha256: (given, site) => `sha256sum < ${quote(typed(given, site))} | cut -d ' ' -f 1`,
    },
  },
});
