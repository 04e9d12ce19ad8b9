import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {mkdir, readdir, readFile, rm, rmdir} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {PermanentError, type StepContext} from '../../../engine/step-type.ts';
import {dockerConfigDir, readDockerConfig} from '../docker-endpoint.ts';
import {orExplain} from '../file.ts';
import {type Labels, RUN} from '../labels.ts';
import type {Keys} from './keys.ts';
import {readRecord} from './store.ts';
import {privateFolder, writeWhole} from './whole-file.ts';

type Environment = StepContext['env'];

/** By these words in its description a context is ours. */
export const DESCRIPTION = 'A machine of runbook';

/** What a Docker context says of an engine. */
export interface Target {
  /** `tcp://host:2376` or `ssh://user@host`. */
  readonly host: string;
  readonly tls?: {readonly ca: string; readonly cert: string; readonly key: string};
}

/** An engine that asks for our keys, or is reached without any. */
export const targetOf = (host: string, keys: Keys | undefined): Target =>
  keys === undefined ? {host} : {host, tls: {ca: keys.ca, cert: keys.client.cert, key: keys.client.key}};

interface Meta {
  readonly Name: string;
  readonly Metadata?: Labels & {readonly Description?: string};
  readonly Endpoints?: {readonly docker?: {readonly Host?: string}};
}

const foldersOf = (env: Environment, name: string): {meta: string; tls: string} => {
  const id = createHash('sha256').update(name).digest('hex');
  const contexts = join(dockerConfigDir(env), 'contexts');
  return {meta: join(contexts, 'meta', id), tls: join(contexts, 'tls', id)};
};

const readMetaIn = async (folder: string, name = ''): Promise<Meta | undefined> => {
  const text = await readFile(join(folder, 'meta.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return {Name: name};
  }
};

const readMeta = (env: Environment, name: string): Promise<Meta | undefined> =>
  readMetaIn(foldersOf(env, name).meta, name);

const isOurs = ({Metadata: metadata}: Meta): boolean => metadata?.Description?.startsWith(DESCRIPTION) === true;

/** The names of the contexts that are machines of ours. */
export const ownContexts = async (env: Environment): Promise<string[]> => {
  const folder = dirname(foldersOf(env, '').meta);
  const ids = await readdir(folder).catch(() => []);
  const all = await Promise.all(ids.map((id) => readMetaIn(join(folder, id))));
  return all.flatMap((meta) => (meta !== undefined && isOurs(meta) ? [meta.Name] : [])).sort();
};

/** What its description says of who made a context. */
export const contextLabels = async (env: Environment, name: string): Promise<Labels | undefined> => {
  const {Description: _, ...labels} = (await readMeta(env, name))?.Metadata ?? {};
  return RUN in labels ? labels : undefined;
};

/** @throws PermanentError when a context of that name is somebody else's */
export const refuseStranger = async (env: Environment, name: string): Promise<void> => {
  if (name === 'default') {
    throw new PermanentError('a machine cannot be called "default": that is Docker’s own context', {
      code: 'name-taken',
    });
  }
  const meta = await readMeta(env, name);
  if (meta === undefined || isOurs(meta)) return;
  throw new PermanentError(`there is a Docker context "${name}" already, and it is not ours`, {
    code: 'name-taken',
    found: meta.Endpoints?.docker?.Host ?? 'a context without an engine',
    next: `give the machine another name, or rename the context: docker context export ${name}; docker context import OTHER ${name}.dockercontext; docker context rm ${name}`,
  });
};

const tlsFiles = ({tls}: Target): Readonly<Record<string, string>> =>
  tls === undefined ? {} : {'ca.pem': tls.ca, 'cert.pem': tls.cert, 'key.pem': tls.key};

/** In what the user's context differs from the wanted one; undefined when it does not. */
export const contextFault = async (env: Environment, name: string, target: Target): Promise<string | undefined> => {
  const meta = await readMeta(env, name);
  if (meta === undefined) return 'there is no Docker context of that name';
  if (!isOurs(meta)) return 'the Docker context of that name is not ours';
  const host = meta.Endpoints?.docker?.Host;
  if (host !== target.host) return `the Docker context leads to ${host}`;
  for (const [file, wanted] of Object.entries(tlsFiles(target))) {
    const found = await readFile(join(foldersOf(env, name).tls, 'docker', file), 'utf8').catch(() => undefined);
    if (found !== wanted) return `the Docker context has another ${file}`;
  }
  return undefined;
};

/** Makes the context, or puts it right. Which context is the user's current one stays as it is. */
export const registerContext = async (env: Environment, name: string, target: Target): Promise<void> => {
  await refuseStranger(env, name);
  if ((await contextFault(env, name, target)) === undefined) return;
  const {meta, tls} = foldersOf(env, name);
  if (target.tls === undefined) await rm(tls, {recursive: true, force: true});
  for (const [file, text] of Object.entries(tlsFiles(target))) {
    const path = join(await privateFolder(join(tls, 'docker')), file);
    await writeWhole(path, text);
  }
  // Last: without it there is no context, and docker context ls says nothing of a half one.
  const text = JSON.stringify({
    Name: name,
    Metadata: {Description: DESCRIPTION, ...(await readRecord(env, name))?.labels},
    Endpoints: {docker: {Host: target.host, SkipTLSVerify: false}},
  });
  await orExplain(meta, () => mkdir(meta, {recursive: true}));
  await writeWhole(join(meta, 'meta.json'), text, 0o644);
};

/** A kill while it was written, or docker context rm, has left folders without what makes them a context. */
const isHalf = (env: Environment, name: string): boolean => {
  const {meta, tls} = foldersOf(env, name);
  return !existsSync(join(meta, 'meta.json')) && (existsSync(meta) || existsSync(tls));
};

/** Whether there is a context of ours, or what a kill has left of one. */
export const hasContext = async (env: Environment, name: string): Promise<boolean> => {
  const meta = await readMeta(env, name);
  return meta === undefined ? isHalf(env, name) : isOurs(meta);
};

/** Takes our context away, and says so when it was the current one; a stranger's stays. */
export const removeContext = async (env: Environment, name: string, output: StepContext['output']): Promise<void> => {
  if (!(await hasContext(env, name))) return;
  const {meta, tls} = foldersOf(env, name);
  await rm(meta, {recursive: true, force: true});
  await rm(tls, {recursive: true, force: true});
  for (const empty of [dirname(tls), dirname(meta), dirname(dirname(meta))]) await rmdir(empty).catch(() => {});
  if ((await readDockerConfig(env)).currentContext === name) {
    output(`${name} was your current Docker context; take another: docker context use default\n`);
  }
};
