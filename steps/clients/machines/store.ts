import {readdir, readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';
import type {StepContext} from '../../../engine/step-type.ts';
import type {Labels} from '../labels.ts';
import {privateFolder, writeWhole} from './whole-file.ts';

type Environment = StepContext['env'];

/** What makes and runs a machine. */
export type DriverName = 'docker' | 'ssh' | 'docker-machine';

/** What is kept of a machine, beside its keys. */
export interface MachineRecord {
  readonly name: string;
  readonly driver: DriverName;
  /** Its address, as other machines reach it. */
  readonly ip: string;
  /** Where its engine answers: `tcp://192.168.99.102:2376`, `ssh://user@host`. */
  readonly url: string;
  /** The folder of the ca.pem, cert.pem and key.pem that open its engine; none where Docker goes by ssh. */
  readonly certificates?: string;
  /** `user@host[:port]` of the ssh driver. */
  readonly host?: string;
  /** The Docker context in which its container is; the user's own when left out. */
  readonly on?: string;
  /** Of the step that has made it; none when that was a person. */
  readonly labels?: Labels;
}

/** Where the machines of a user are kept, from whatever folder they are used. */
export const machinesDir = (env: Environment): string =>
  join(env.XDG_DATA_HOME || join(env.HOME || homedir(), '.local', 'share'), 'runbook', 'machines');

/** A machine's own folder. Names begin with a letter or digit; ours beside them begin with a dot. */
export const machineDir = (env: Environment, name: string): string => join(machinesDir(env), name);

const RECORD = 'machine.json';

export const readRecord = async (env: Environment, name: string): Promise<MachineRecord | undefined> => {
  try {
    return JSON.parse(await readFile(join(machineDir(env, name), RECORD), 'utf8'));
  } catch {
    return undefined; // none, or damaged: it is written anew
  }
};

/** Who made it stays, unless the record says it anew. */
export const writeRecord = async (env: Environment, record: MachineRecord): Promise<void> => {
  const path = join(await privateFolder(machineDir(env, record.name)), RECORD);
  const {labels, on} = (await readRecord(env, record.name)) ?? {};
  const whole = {...(on !== undefined && {on}), ...(labels && {labels}), ...record};
  await writeWhole(path, `${JSON.stringify(whole, null, 2)}\n`);
};

/** Every machine that is known here, by name. */
export const allRecords = async (env: Environment): Promise<MachineRecord[]> => {
  const names = await readdir(machinesDir(env)).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => readRecord(env, name)),
  );
  return found.filter((record) => record !== undefined);
};
