import {existsSync, readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {quote, sh} from '../../../engine/sh.ts';
import {PermanentError, type Site, type StepContext, type Verdict} from '../../../engine/step-type.ts';
import {contextFault, DESCRIPTION, refuseStranger, registerContext, targetOf} from './contexts.ts';
import type {Driver} from './driver.ts';
import {ensureKeys, type Keys, packServerKeys, readKeys} from './keys.ts';
import type {CreateOptions, MachineOutputs, Selection} from './options.ts';
import {engineVersion, untilReady} from './ready.ts';
import {addressBehind, mustRun, runOn, sshLine, sshWords} from './ssh.ts';
import {allRecords, readRecord, writeRecord} from './store.ts';

const PORT = 2376;
/** Where a host's engine finds its certificates. */
const CERTIFICATES = '/etc/docker/runbook';
const VERSION = ['docker', 'version', '--format', '{{.Server.Version}}'];
const AS_ROOT = 'if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n "$@"; fi';

/** A script of env/provision, from wherever this program runs. */
const scriptPath = (name: string): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'env', 'provision', name)) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, 'env', 'provision', name);
};

const shown = (path: string, {cwd}: Site): string => {
  const short = relative(cwd, path);
  return short.startsWith('..') ? path : short;
};

const asRoot = (...command: readonly string[]): string[] => ['sh', '-c', AS_ROOT, 'sh', ...command];

const optionsOf = ({ssh, name}: CreateOptions) => {
  if (ssh === undefined) throw new PermanentError(`machine "${name}": driver ssh needs ssh.host`);
  return ssh;
};

const flagsOf = (given: CreateOptions): string[] => [
  ...Object.entries(given.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
  ...(given.registry_mirror === undefined ? [] : ['--registry-mirror', given.registry_mirror]),
  ...given.engine_flags.map(String),
];

/** What an engine that somebody else has set up can't be given. */
const refuseFlags = (given: CreateOptions): void => {
  const {tls} = optionsOf(given);
  const environment = Object.keys(given.engine_env).length > 0;
  if (!environment && (tls || flagsOf(given).length === 0)) return;
  throw new PermanentError(
    environment
      ? `machine "${given.name}": driver ssh leaves the environment of a host’s engine as it is`
      : `machine "${given.name}": without ssh.tls driver ssh leaves a host’s engine as it is`,
    {
      next: environment
        ? 'leave engine_env out'
        : 'give ssh: {tls: true}, or no engine_flags, labels and registry_mirror',
    },
  );
};

const sshUrl = (host: string): string => `ssh://${host}`;

const ensureEngine = async (given: CreateOptions, context: StepContext): Promise<void> => {
  const {host, install} = optionsOf(given);
  const asked = await runOn(host, VERSION, {...context, output: () => {}});
  if (asked.exitCode === 0) return;
  if (!install) {
    throw new PermanentError(`Docker does not answer on ${host}`, {
      code: 'requirement-missing',
      found: asked.stderr.trim().split('\n').at(-1) ?? '',
      next: 'let it be installed and started: ssh: {install: true}',
    });
  }
  await mustRun(host, ['sh', '-s'], context, readFileSync(scriptPath('docker.sh'), 'utf8'));
};

const setUpTls = async (given: CreateOptions, keys: Keys, context: StepContext): Promise<void> => {
  const {host} = optionsOf(given);
  // By stdin, as text: a key is in no list of processes, and any shell can decode it.
  const archive = packServerKeys(keys, CERTIFICATES).toString('base64');
  await mustRun(host, asRoot('sh', '-c', 'mkdir -p /etc/docker && base64 -d | tar -C / -x -f -'), context, archive);
  const script = readFileSync(scriptPath('engine-tls.sh'), 'utf8');
  await mustRun(host, ['sh', '-s', 'on', ...flagsOf(given)], context, script);
};

const create = async (given: CreateOptions, context: StepContext): Promise<MachineOutputs> => {
  const {env} = context;
  const {name} = given;
  const {host, tls} = optionsOf(given);
  refuseFlags(given);
  await refuseStranger(env, name);
  await ensureEngine(given, context);
  const ip = given.ip ?? (await addressBehind(host, context));
  const url = tls ? `tcp://${ip}:${PORT}` : sshUrl(host);
  const labels = (await readRecord(env, name))?.labels ?? context.labels;
  await writeRecord(env, {name, driver: 'ssh', ip, url, host, labels});
  const keys = tls ? await ensureKeys(env, name, [ip]) : undefined;
  if (keys) await setUpTls(given, keys, context);
  await writeRecord(env, {name, driver: 'ssh', ip, url, host, ...(keys && {certificates: keys.folder})});
  await registerContext(env, name, targetOf(url, keys));
  const version = await untilReady(name, context, async () => undefined);
  context.output(`${name}: Docker Engine ${version} answers at ${url}\n`);
  return {name, ip, url, context: name};
};

const look = async (given: CreateOptions, context: StepContext): Promise<Verdict<MachineOutputs>> => {
  const {env} = context;
  const {name} = given;
  const {host, tls} = optionsOf(given);
  const wrong = (found: string): Verdict<MachineOutputs> => ({
    ok: false,
    expected: `machine "${name}" on ${host}, whose engine answers`,
    found,
  });
  const record = await readRecord(env, name);
  const ip = given.ip ?? record?.ip ?? (await addressBehind(host, context));
  if (record !== undefined && record.host !== undefined && record.host !== host)
    return wrong(`it is on ${record.host}`);
  const keys = tls ? await readKeys(env, name, [ip]) : undefined;
  if (keys && 'fault' in keys) return wrong(`its keys are no good: ${keys.fault}`);
  const url = tls ? `tcp://${ip}:${PORT}` : sshUrl(host);
  const fault = await contextFault(env, name, targetOf(url, keys));
  if (fault !== undefined) return wrong(fault);
  try {
    await engineVersion(name, context);
  } catch (error) {
    context.signal.throwIfAborted();
    return wrong(error instanceof Error ? error.message : String(error));
  }
  return {ok: true, outputs: {name, ip, url, context: name}};
};

const hostOf = async ({name, host}: Selection, {env}: StepContext): Promise<string> => {
  const found = (await readRecord(env, name))?.host ?? host;
  if (found !== undefined) return found;
  throw new PermanentError(`there is no machine "${name}"`, {next: 'see which there are: uses: machine.list'});
};

const fixed = (): never => {
  throw new PermanentError('driver ssh can neither start nor stop a host', {
    next: 'do it where the host is run, or by a shell step',
  });
};

const createLines = (given: CreateOptions, site: Site): string => {
  const {host, install, tls} = optionsOf(given);
  const {name} = given;
  const context = sh`docker context create ${name} --description ${DESCRIPTION} --docker`;
  const [address = ''] = host.replace(/^.*@/, '').split(':');
  const ip = given.ip ?? address;
  const script = (file: string): string => quote(shown(scriptPath(file), site));
  const into = sshLine(host, asRoot('tar', '-C', CERTIFICATES, '-x', '-f', '-'));
  return [
    sshLine(host, VERSION) + (install ? ` || ${sh`${sshWords(host)} sh -s`} <${script('docker.sh')}` : ''),
    ...(tls
      ? [
          sh`keys=$(runbook keys ${name} ${ip})`,
          sshLine(host, asRoot('mkdir', '-p', CERTIFICATES)),
          `tar -C "$keys/server" --owner 0 --group 0 -c . | ${into}`,
          `${sh`${sshWords(host)} sh -s on ${flagsOf(given)}`} <${script('engine-tls.sh')}`,
          `${context} \\\n  "host=tcp://${ip}:${PORT},ca=$keys/ca.pem,cert=$keys/cert.pem,key=$keys/key.pem"`,
        ]
      : [`${context} ${quote(`host=${sshUrl(host)}`)}`]),
  ].join('\n');
};

/** A host that exists, in any cloud or rack: reached by ssh, which knows the user's keys and known hosts. */
export const sshDriver: Driver = {
  name: 'ssh',
  create,
  look,

  async state({name}, context) {
    const record = await readRecord(context.env, name);
    if (record?.host === undefined) return 'absent';
    const asked = await runOn(record.host, VERSION, {...context, output: () => {}});
    return asked.exitCode === 0 ? 'running' : 'stopped';
  },

  start: fixed,
  stop: fixed,

  // The host stays, and so does its engine; only the way in that we made is closed.
  async remove({name}, context) {
    const record = await readRecord(context.env, name);
    if (record?.host === undefined || !record.url.startsWith('tcp:')) return;
    await mustRun(record.host, ['sh', '-s', 'off'], context, readFileSync(scriptPath('engine-tls.sh'), 'utf8'));
  },

  exec: async (machine, command, context) => runOn(await hostOf(machine, context), command, context),

  list: async ({env}) => (await allRecords(env)).filter(({driver}) => driver === 'ssh'),

  lines: {
    create: createLines,
    remove: ({host = ''}, site) =>
      `${sh`${sshWords(host)} sh -s off`} <${quote(shown(scriptPath('engine-tls.sh'), site))}`,
    start: () => '# driver ssh can neither start nor stop a host',
    stop: () => '# driver ssh can neither start nor stop a host',
    exec: ({host = ''}, command) => sshLine(host, command),
    enter: ({host = ''}) => sh`${sshWords(host)}`,
    inspect: ({name}) => sh`docker --context ${name} info`,
    list: () => 'docker context ls',
  },
};
