import * as v from 'valibot';
import {withLimit} from '../../../engine/limit.ts';
import {PermanentError, type StepContext} from '../../../engine/step-type.ts';
import type {Driver} from './driver.ts';
import type {Selection} from './options.ts';
import {engineVersion} from './ready.ts';
import {readRecord} from './store.ts';

/** What can be told of a machine. */
export const machineDescription = {
  name: v.string(),
  driver: v.string(),
  state: v.pipe(v.string(), v.description('running, stopped, or absent: its keys are here, and it is gone')),
  ip: v.pipe(v.string(), v.description('Its address')),
  url: v.pipe(v.string(), v.description('Where its engine answers')),
  version: v.pipe(v.string(), v.description('Of its Docker Engine; empty when that does not answer')),
};
const schema = v.object(machineDescription);
type Description = v.InferOutput<typeof schema>;

/** How long a list waits for one engine. */
const ANSWER_MS = 3000;

/** @throws PermanentError when there is no such machine */
export const describeMachine = async (given: Selection, driver: Driver, context: StepContext): Promise<Description> => {
  const {name} = given;
  const [state, record] = await Promise.all([driver.state(given, context), readRecord(context.env, name)]);
  if (state === 'absent' && record === undefined) {
    throw new PermanentError(`there is no machine "${name}"`, {next: 'see which there are: uses: machine.list'});
  }
  const version = state === 'running' && record ? await versionWithin(name, context) : '';
  context.signal.throwIfAborted();
  return {name, driver: driver.name, state, ip: record?.ip ?? '', url: record?.url ?? '', version};
};

/** Empty where the engine does not answer in time. */
const versionWithin = (name: string, {env, signal}: StepContext): Promise<string> =>
  withLimit(ANSWER_MS, signal, (limited) => engineVersion(name, {env, signal: limited})).catch(() => '');

const HEADINGS = ['NAME', 'DRIVER', 'STATE', 'URL', 'DOCKER'];

/** A table as docker-machine ls prints it. */
export const machineTable = (machines: readonly Description[]): string => {
  const rows = machines.map(({name, driver, state, url, version}) => [
    name,
    driver,
    state[0]?.toUpperCase() + state.slice(1),
    url,
    version === '' ? 'Unknown' : `v${version}`,
  ]);
  const widths = HEADINGS.map((_, column) => Math.max(...[HEADINGS, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `${row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd()}\n`;
  return [HEADINGS, ...rows].map(line).join('');
};
