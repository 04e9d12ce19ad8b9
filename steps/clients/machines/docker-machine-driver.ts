import {PermanentError} from '../../../engine/step-type.ts';
import type {Driver} from './driver.ts';

const never = (): never => {
  throw new PermanentError('not yet');
};

export const dockerMachineDriver: Driver = {
  name: 'docker-machine',
  create: never,
  look: never,
  state: never,
  start: never,
  stop: never,
  remove: never,
  exec: never,
  list: never,
  lines: {create: never, remove: never, start: never, stop: never, exec: never, inspect: never, list: never},
};
