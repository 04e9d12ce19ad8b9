import {sh} from '../../../engine/sh.ts';
import type {Site} from '../../../engine/step-type.ts';
import {dockerCommand} from '../docker.ts';
import {asList} from '../shell-json.ts';
import {LABEL} from './machine-container.ts';
import type {Selection} from './options.ts';
import type {DriverName} from './store.ts';

// What a machine is, asked in a shell. Other drivers than docker's have no line for it that every system has.

const onlyDocker = (driver: DriverName): void => {
  if (driver !== 'docker') throw new Error(`no line of a shell tells it of a machine of driver ${driver}`);
};

const inspect = ({name, driver}: Selection, format: string, site: Site): string => {
  onlyDocker(driver);
  return sh`${dockerCommand(site)} inspect -f ${format} ${name}`;
};

type MachineName = Pick<Selection, 'name' | 'driver'>;

export const addressLine = (given: MachineName, site: Site): string =>
  inspect(given as Selection, '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', site);

/** The outputs of `machine.inspect`. */
export const describedLines = {
  name: ({name}: Selection): string => sh`echo ${name}`,
  driver: ({driver}: Selection): string => sh`echo ${driver}`,
  state: (given: Selection, site: Site): string =>
    inspect(given, '{{if and .State.Running (not .State.Paused)}}running{{else}}stopped{{end}}', site),
  ip: addressLine,
  url: ({name}: Selection): string => sh`docker context inspect -f '{{.Endpoints.docker.Host}}' ${name}`,
  version: ({name}: Selection): string => sh`docker --context ${name} version -f '{{.Server.Version}}'`,
};

export const isInState = (given: Selection, state: string, site: Site): string =>
  `[ "$(${describedLines.state(given, site)})" = ${state} ]`;

export const namesLine = (driver: DriverName, site: Site): string => {
  onlyDocker(driver);
  return asList(sh`${dockerCommand(site)} ps -a --filter ${`label=${LABEL}`} --format '{{.Names}}'`);
};

/** Removing what is not there is no failure. */
export const removeLines = ({name, driver}: Selection, site: Site): string[] => {
  onlyDocker(driver);
  return [
    sh`${dockerCommand(site)} ps -aq --filter ${`name=^/${name}$`} --filter ${`label=${LABEL}`} | xargs -r ${dockerCommand(site)} rm -f -v`,
    sh`if docker context inspect ${name} >/dev/null 2>&1; then docker context rm -f ${name}; fi`,
    sh`machine_forget ${name}`,
  ];
};

export const isForgotten = ({name, driver}: Selection, site: Site): string => {
  onlyDocker(driver);
  return [
    sh`[ -z "$(${dockerCommand(site)} ps -aq --filter ${`name=^/${name}$`} --filter ${`label=${LABEL}`})" ]`,
    sh`! docker context inspect ${name} >/dev/null 2>&1`,
    sh`[ ! -e "\${XDG_DATA_HOME:-$HOME/.local/share}/runbook/machines/"${name} ]`,
  ].join(' && ');
};
