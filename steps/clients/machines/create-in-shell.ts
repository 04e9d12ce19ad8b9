import {sh} from '../../../engine/sh.ts';
import type {Site} from '../../../engine/step-type.ts';
import {dockerCommand} from '../docker.ts';
import {DESCRIPTION} from './contexts.ts';
import {addressOfContainer, fixAddress, placeOf, runLine} from './docker-lines.ts';
import {CERTIFICATES} from './machine-container.ts';
import type {CreateOptions} from './options.ts';

/** Some engines refuse privileged containers: then just the capabilities that a machine needs. */
const runLines = (given: CreateOptions, site: Site): string => {
  const plain = runLine(given, site, false);
  if (!given.privileged) return plain;
  const remove = sh`${dockerCommand(site)} rm -f -v ${given.name} >/dev/null 2>&1`;
  return `{ ${runLine(given, site, true)} 2>/dev/null || { ${remove}; ${plain}; }; }`;
};

/**
 * The lines of the driver's `create` for a script, where they may find what an earlier start of it has left half-made:
 * the keys come from openssl, all else is plain Docker.
 */
export const createInShell = (given: CreateOptions, site: Site): string => {
  if (given.driver !== 'docker') throw new Error(`no lines of a shell make a machine of driver ${given.driver}`);
  const {name} = given;
  const docker = dockerCommand(site);
  const url = placeOf(given, '$ip');
  return [
    `${sh`${docker} container inspect ${name} >/dev/null 2>&1`} || ${runLines(given, site)}`,
    sh`${docker} start ${name} >/dev/null`,
    addressOfContainer(given, site),
    ...(given.ip === undefined ? [fixAddress(given, site)] : []),
    `keys=$(${sh`machine_keys ${name}`} "$ip" "${url}")`,
    `${sh`${docker} cp`} "$keys/server/." ${sh`${`${name}:${CERTIFICATES}`}`}`,
    sh`docker context inspect ${name} >/dev/null 2>&1 || ${['docker', 'context', 'create', name]}` +
      ` ${sh`--description ${DESCRIPTION} --docker`} \\\n  "host=${url},ca=$keys/ca.pem,cert=$keys/cert.pem,key=$keys/key.pem"`,
    sh`tries=0\nuntil docker --context ${name} version >/dev/null 2>&1; do\n  tries=$((tries + 1))\n  [ "$tries" -lt 60 ]\n  sleep 1\ndone`,
  ].join('\n');
};
