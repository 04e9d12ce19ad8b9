import {constants} from 'node:os';

/** Exit code of what a signal ended: 128 and its number, as shells do it. */
export const codeOfSignal = (signal: unknown): number =>
  128 + ((constants.signals as Readonly<Record<string, number>>)[String(signal)] ?? constants.signals.SIGINT);
