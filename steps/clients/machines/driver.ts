import type {Site, StepContext, Verdict} from '../../../engine/step-type.ts';
import type {CreateOptions, MachineOutputs, Selection} from './options.ts';
import type {DriverName, MachineRecord} from './store.ts';

/** Whether a machine runs: a word of Docker's or docker-machine's, or `absent`. */
export type State = 'running' | 'stopped' | 'absent';

/** How a command on a machine ended. */
export interface Executed {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** The lines that a person would type. Pure. */
export interface DriverLines {
  create(given: CreateOptions, site: Site): string;
  remove(machine: Selection, site: Site): string;
  start(machine: Selection, site: Site): string;
  stop(machine: Selection, site: Site): string;
  exec(machine: Selection, command: readonly string[], site: Site): string;
  /** Opens a shell there, on a terminal. */
  enter(machine: Selection, site: Site): string;
  inspect(machine: Selection, site: Site): string;
  list(site: Site): string;
}

/** One way to have machines. One file each; what keys, contexts and records have to do with it is in here. */
export interface Driver {
  readonly name: DriverName;
  readonly lines: DriverLines;
  /** Has the machine, made or adopted, registered and answering. Safe to repeat. */
  create(given: CreateOptions, context: StepContext): Promise<MachineOutputs>;
  /** Whether the machine is all that is wanted: its `verify`. */
  look(given: CreateOptions, context: StepContext): Promise<Verdict<MachineOutputs>>;
  state(machine: Selection, context: StepContext): Promise<State>;
  start(machine: Selection, context: StepContext): Promise<void>;
  stop(machine: Selection, context: StepContext): Promise<void>;
  /** Takes the machine itself away; succeeds when there is none. Never touches a stranger's. */
  remove(machine: Selection, context: StepContext): Promise<void>;
  exec(machine: Selection, command: readonly string[], context: StepContext): Promise<Executed>;
  /** The machines that this driver knows of, also those without a record here. */
  list(context: StepContext): Promise<readonly Pick<MachineRecord, 'name' | 'ip' | 'url'>[]>;
}
