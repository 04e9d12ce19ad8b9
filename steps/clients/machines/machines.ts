import {readdir, rm, rmdir} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {PermanentError, type StepContext} from '../../../engine/step-type.ts';
import {releaseAddress} from './addresses.ts';
import {hasContext, removeContext} from './contexts.ts';
import {dockerDriver} from './docker-driver.ts';
import {dockerMachineDriver} from './docker-machine-driver.ts';
import type {Driver} from './driver.ts';
import type {Selection} from './options.ts';
import {sshDriver} from './ssh-driver.ts';
import {type DriverName, machineDir, machinesDir, readRecord} from './store.ts';

const drivers: Readonly<Record<DriverName, Driver>> = {
  docker: dockerDriver,
  ssh: sshDriver,
  'docker-machine': dockerMachineDriver,
};

export const driverNamed = (name: DriverName): Driver => drivers[name];

/** @throws PermanentError where the machine was made by another driver than the step says */
export const driverOf = async ({name, driver}: Selection, {env}: Pick<StepContext, 'env'>): Promise<Driver> => {
  const record = await readRecord(env, name);
  if (record === undefined || record.driver === driver) return drivers[driver];
  throw new PermanentError(`machine "${name}" was made by driver ${record.driver}, not by ${driver}`, {
    expected: driver,
    found: record.driver,
    next: `say so in the step: with: {name: ${name}, driver: ${record.driver}}`,
  });
};

/** What there still is of a machine, in words; empty when nothing is. */
export const tracesOf = async (given: Selection, context: StepContext): Promise<string[]> => {
  const driver = await driverOf(given, context);
  const [state, registered, entries] = await Promise.all([
    driver.state(given, context),
    hasContext(context.env, given.name),
    readdir(machineDir(context.env, given.name)).catch(() => undefined),
  ]);
  return [
    ...(state === 'absent' ? [] : [`the machine, ${state}`]),
    ...(registered ? ['its Docker context'] : []),
    ...(entries === undefined ? [] : ['its keys']),
  ];
};

// With the last machine go what all have in common, and folders that nobody needs any more.
const tidyStore = async (env: StepContext['env']): Promise<void> => {
  const folder = machinesDir(env);
  const left = await readdir(folder).catch(() => undefined);
  if (left === undefined || left.some((name) => !name.startsWith('.'))) return;
  for (const shared of ['.ca', '.addresses']) await rm(join(folder, shared), {recursive: true, force: true});
  for (const empty of [folder, dirname(folder)]) await rmdir(empty).catch(() => {});
};

/** Takes a machine away, with its keys, its context and its address. */
export const removeMachine = async (given: Selection, context: StepContext): Promise<void> => {
  const {env} = context;
  const {name} = given;
  const record = await readRecord(env, name);
  await (await driverOf(given, context)).remove(given, context);
  await removeContext(env, name, context.output);
  if (record) await releaseAddress(env, record.ip, name);
  await rm(machineDir(env, name), {recursive: true, force: true});
  await tidyStore(env);
};

/** The lines that take a machine's keys and context away, whatever made it. */
export const forgetLines = (name: string): string[] => [
  `docker context rm -f ${name}`,
  `rm -rf "\${XDG_DATA_HOME:-$HOME/.local/share}/runbook/machines/${name}"`,
];
