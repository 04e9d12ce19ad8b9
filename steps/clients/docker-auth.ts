import {once} from 'node:events';
import {text} from 'node:stream/consumers';
import type Dockerode from 'dockerode';
import {withLimit} from '../../engine/limit.ts';
import type {StepContext} from '../../engine/step-type.ts';
import {readDockerConfig} from './docker-endpoint.ts';
import {spawnPiped} from './piped.ts';

interface Config {
  readonly auths?: Readonly<Record<string, {readonly auth?: string}>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

// The name under which `docker login` keeps the credentials of Docker Hub.
const DOCKER_HUB = 'https://index.docker.io/v1/';
const HELPER_LIMIT_MS = 10_000;

const registryOf = (ref: string): string => {
  const [first = ''] = ref.split('/');
  const isHost = ref.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  return isHost ? first : DOCKER_HUB;
};

/** The credentials that `docker login` left for an image's registry: in `config.json`, or with a credential helper. */
export const registryAuth = async (
  ref: string,
  context: Pick<StepContext, 'env' | 'signal'>,
): Promise<Dockerode.AuthConfig | undefined> => {
  const registry = registryOf(ref);
  const config: Config = await readDockerConfig(context.env);
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  if (helper) return askHelper(helper, registry, context);
  const stored = config.auths?.[registry]?.auth;
  if (!stored) return undefined;
  const [username = '', ...password] = Buffer.from(stored, 'base64').toString().split(':');
  return {username, password: password.join(':'), serveraddress: registry};
};

// A helper without credentials for this registry exits 1; the registry is asked without any then, as docker does it.
const askHelper = (
  helper: string,
  registry: string,
  {env, signal}: Pick<StepContext, 'env' | 'signal'>,
): Promise<Dockerode.AuthConfig | undefined> =>
  withLimit(HELPER_LIMIT_MS, signal, (limited) => answerOf(helper, registry, {env, signal: limited})).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });

const answerOf = async (
  helper: string,
  registry: string,
  {env, signal}: Pick<StepContext, 'env' | 'signal'>,
): Promise<Dockerode.AuthConfig | undefined> => {
  const child = spawnPiped(`docker-credential-${helper}`, ['get'], {env, signal});
  child.stderr.resume();
  child.stdin.on('error', () => {});
  child.stdin.end(registry);
  const [answer, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) return undefined;
  const {Username, Secret} = JSON.parse(answer) as {Username: string; Secret: string};
  const token = Username === '<token>';
  return {...(token ? {identitytoken: Secret} : {username: Username, password: Secret}), serveraddress: registry};
};
