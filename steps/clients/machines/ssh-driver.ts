import {PermanentError} from '../../../engine/step-type.ts';
import type {Driver} from './driver.ts';

const never = (): never => {
  throw new PermanentError('not yet');
};

export const sshDriver: Driver = {
  name: 'ssh',
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
