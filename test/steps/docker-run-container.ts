import dockerRun from '../../steps/docker-run.ts';
import {IMAGE, step} from '../docker-rig.ts';
import type {StepRig} from '../step-rig.ts';

export const SLEEP = ['sleep', '1000'];

/** The step of a container that sleeps, with the unique name of the rig, and other options on top. */
export const container = (rig: StepRig, options: object = {}) =>
  step(dockerRun, {name: rig.unique, image: IMAGE, command: SLEEP, ...options});
