import * as v from 'valibot';
import {machineName} from './clients/machines/options.ts';

/** What a client of the engine may know of machines beside their step types: for `runbook env` and `runbook keys`. */
export {ensureKeys} from './clients/machines/keys.ts';
export {forgetMachine} from './clients/machines/machines.ts';
export {allRecords, type MachineRecord, readRecord, writeRecord} from './clients/machines/store.ts';

/** Whether a machine can have this name. */
export const isMachineName = (name: string): boolean => v.is(machineName, name);
