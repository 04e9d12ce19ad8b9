import {createHash} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {PermanentError, type StepContext} from '../../engine/step-type.ts';

type Environment = StepContext['env'];

/** Which engine is meant, and who says so. */
export interface Endpoint {
  /** `unix:///run/x.sock`, `tcp://host:port` or `ssh://user@host`. */
  readonly host: string;
  /** What chose it, for messages: `Docker context "x"`, `DOCKER_HOST` or `default socket`. */
  readonly chosenBy: string;
  readonly tls?: Tls;
}

interface Tls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Whether the server must prove its name. */
  readonly verify: boolean;
}

const DEFAULT_SOCKET = 'unix:///var/run/docker.sock';
const DEFAULT_CONTEXT = 'default';

/** Folder of the user's Docker configuration. */
export const dockerConfigDir = (env: Environment): string =>
  env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');

const readText = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined);

/** The user's Docker `config.json`; a missing or damaged one counts as empty, as it does for the docker command. */
export const readDockerConfig = async (env: Environment): Promise<Record<string, unknown>> => {
  try {
    return JSON.parse((await readText(join(dockerConfigDir(env), 'config.json'))) ?? '{}');
  } catch {
    return {};
  }
};

const readTls = async (folder: string, verify: boolean): Promise<Tls | undefined> => {
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readText(join(folder, name))),
  );
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  return {...(ca && {ca}), ...(cert && {cert}), ...(key && {key}), verify};
};

// The docker command takes any non-empty value for "yes", also "0".
const environmentTls = async (env: Environment, host: string): Promise<Tls | undefined> => {
  if (!host.startsWith('tcp:') || !(env.DOCKER_TLS_VERIFY || env.DOCKER_TLS)) return undefined;
  const verify = Boolean(env.DOCKER_TLS_VERIFY);
  const folder = env.DOCKER_CERT_PATH || dockerConfigDir(env);
  const tls = await readTls(folder, verify);
  if (tls || !verify) return tls ?? {verify};
  throw new PermanentError(`DOCKER_TLS_VERIFY is set, but ${folder} has no certificates`, {
    code: 'docker-unreachable',
    expected: 'ca.pem, cert.pem and key.pem',
    found: 'none of them',
    next: 'set DOCKER_CERT_PATH to their folder',
  });
};

const fromEnvironment = async (env: Environment): Promise<Endpoint> => {
  const given = env.DOCKER_HOST;
  if (!given) return {host: DEFAULT_SOCKET, chosenBy: 'default socket'};
  const host = given.includes('://') ? given : `tcp://${given}`;
  const tls = await environmentTls(env, host);
  return {host, chosenBy: 'DOCKER_HOST', ...(tls && {tls})};
};

interface ContextFile {
  readonly Endpoints?: {readonly docker?: {readonly Host?: string; readonly SkipTLSVerify?: boolean}};
}

const fromContext = async (name: string, env: Environment): Promise<Endpoint> => {
  const id = createHash('sha256').update(name).digest('hex');
  const contexts = join(dockerConfigDir(env), 'contexts');
  const text = await readText(join(contexts, 'meta', id, 'meta.json'));
  if (text === undefined) throw unknownContext(name);
  const docker = (JSON.parse(text) as ContextFile).Endpoints?.docker;
  const host = docker?.Host || DEFAULT_SOCKET;
  const tls = host.startsWith('tcp:') && (await readTls(join(contexts, 'tls', id, 'docker'), !docker?.SkipTLSVerify));
  return {host, chosenBy: `Docker context "${name}"`, ...(tls && {tls})};
};

const unknownContext = (name: string): PermanentError =>
  new PermanentError(`there is no Docker context "${name}"`, {
    code: 'docker-unreachable',
    next: 'see which there are: docker context ls',
  });

/**
 * The engine that `docker` itself would talk to: `--context`, DOCKER_HOST, DOCKER_CONTEXT, the current context, the
 * default socket, in this order.
 */
export const resolveEndpoint = async ({on, env}: Pick<StepContext, 'on' | 'env'>): Promise<Endpoint> => {
  const name = on ?? (env.DOCKER_HOST ? DEFAULT_CONTEXT : env.DOCKER_CONTEXT || (await currentContext(env)));
  return name === DEFAULT_CONTEXT ? fromEnvironment(env) : fromContext(name, env);
};

const currentContext = async (env: Environment): Promise<string> => {
  const {currentContext: name} = await readDockerConfig(env);
  return typeof name === 'string' && name !== '' ? name : DEFAULT_CONTEXT;
};
