import {quote, sh} from '../../../engine/sh.ts';
import type {Site} from '../../../engine/step-type.ts';
import {dockerCommand} from '../docker.ts';
import {addressTemplate} from '../docker-containers.ts';
import {runCommand} from '../docker-run-flags.ts';
import {DESCRIPTION} from './contexts.ts';
import type {DriverLines} from './driver.ts';
import {CERTIFICATES, containerOf, isDesktop, LABEL, portFor, urlOf} from './machine-container.ts';
import type {CreateOptions} from './options.ts';

const portOf = (given: CreateOptions): number | undefined =>
  given.port ?? (isDesktop ? portFor(given.name) : undefined);

/** Makes and starts the container. */
export const runLine = (given: CreateOptions, site: Site, privileged: boolean): string =>
  runCommand(containerOf(given, {ip: given.ip, port: portOf(given), privileged}), site);

/** Finds the address of its container. */
export const addressOfContainer = ({name, network}: CreateOptions, site: Site): string =>
  sh`ip=$(${dockerCommand(site)} inspect -f ${addressTemplate(network)} ${name})`;

/** Has the container keep the address `$ip` through restarts. */
export const fixAddress = ({name, network}: CreateOptions, site: Site): string => {
  const docker = dockerCommand(site);
  return `${sh`${docker} network disconnect ${network} ${name}`} && ${sh`${docker} network connect --ip`} "$ip" ${sh`${network} ${name}`}`;
};

/** Where its engine answers, at an address that may be a variable. */
export const placeOf = (given: CreateOptions, ip: string): string => urlOf(ip, portOf(given));

/** What a person would type. The keys come from our own command; all else is plain Docker. */
const create = (given: CreateOptions, site: Site): string => {
  const {name} = given;
  const address = given.ip === undefined ? '"$ip"' : quote(given.ip);
  const host = placeOf(given, given.ip ?? '$ip');
  return [
    runLine(given, site, given.privileged),
    ...(given.ip === undefined ? [addressOfContainer(given, site), fixAddress(given, site)] : []),
    `keys=$(${sh`runbook keys ${name}`} ${address})`,
    `${sh`${dockerCommand(site)} cp`} "$keys/server/." ${quote(`${name}:${CERTIFICATES}`)}`,
    `${sh`docker context create ${name} --description ${DESCRIPTION} --docker`} \\\n  "host=${host},ca=$keys/ca.pem,cert=$keys/cert.pem,key=$keys/key.pem"`,
    `until ${sh`docker --context ${name}`} version >/dev/null 2>&1; do sleep 0.2; done`,
  ].join('\n');
};

export const dockerLines: DriverLines = {
  create,
  remove: ({name}, site) => sh`${dockerCommand(site)} rm -f -v ${name}`,
  start: ({name}, site) =>
    sh`${dockerCommand(site)} start ${name} && until docker --context ${name} version >/dev/null 2>&1; do sleep 0.2; done`,
  stop: ({name}, site) => sh`${dockerCommand(site)} stop ${name}`,
  exec: ({name}, command, site) => sh`${dockerCommand(site)} exec ${name} ${command}`,
  enter: ({name}, site) => sh`${dockerCommand(site)} exec -it ${name} sh`,
  inspect: ({name}, site) => sh`${dockerCommand(site)} inspect ${name}`,
  list: (site) => sh`${dockerCommand(site)} ps -a --filter ${`label=${LABEL}`}`,
};
