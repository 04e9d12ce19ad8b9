import {readdir, rm, rmdir} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {sh} from '../../../engine/sh.ts';
import {PermanentError, type StepContext} from '../../../engine/step-type.ts';
import {claims, releaseAddresses} from './addresses.ts';
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

const storeOf = async (env: StepContext['env']): Promise<{machines: string[]; shared: string[]} | undefined> => {
  const entries = await readdir(machinesDir(env)).catch(() => undefined);
  if (entries === undefined) return undefined;
  const isShared = (name: string): boolean => name.startsWith('.');
  return {machines: entries.filter((name) => !isShared(name)), shared: entries.filter(isShared)};
};

/** No machine is left and none is being made, and yet there is what machines have in common. */
const isForsaken = async (env: StepContext['env']): Promise<boolean> =>
  (await storeOf(env))?.machines.length === 0 && (await claims(env)).every(({owner}) => owner === '');

/** What there still is of a machine, in words; empty when nothing is. */
export const tracesOf = async (given: Selection, context: StepContext): Promise<string[]> => {
  const {env} = context;
  const driver = await driverOf(given, context);
  const [state, registered, entries, claimed, forsaken] = await Promise.all([
    driver.state(given, context),
    hasContext(env, given.name),
    readdir(machineDir(env, given.name)).catch(() => undefined),
    claims(env).then((all) => all.some(({owner}) => owner === given.name)),
    isForsaken(env),
  ]);
  return [
    ...(state === 'absent' ? [] : [`the machine, ${state}`]),
    ...(registered ? ['its Docker context'] : []),
    ...(entries === undefined ? [] : ['its keys']),
    ...(claimed ? ['its address'] : []),
    ...(forsaken ? ['the folder of all machines'] : []),
  ];
};

/** Takes away what is kept of a machine here; with the last one go what all have in common, and empty folders. */
export const forgetMachine = async (env: StepContext['env'], name: string): Promise<void> => {
  await releaseAddresses(env, name);
  await rm(machineDir(env, name), {recursive: true, force: true});
  if (!(await isForsaken(env))) return;
  const folder = machinesDir(env);
  for (const shared of (await storeOf(env))?.shared ?? [])
    await rm(join(folder, shared), {recursive: true, force: true});
  for (const empty of [folder, dirname(folder)]) await rmdir(empty).catch(() => {});
};

/** Takes a machine away, with its keys, its context and its address. */
export const removeMachine = async (given: Selection, context: StepContext): Promise<void> => {
  await (await driverOf(given, context)).remove(given, context);
  await removeContext(context.env, given.name, context.output);
  await forgetMachine(context.env, given.name);
};

/** The lines that take a machine's keys and context away, whatever made it. */
export const forgetLines = (name: string): string[] => [
  sh`docker context rm -f ${name}`,
  sh`runbook keys --remove ${name}`,
];
