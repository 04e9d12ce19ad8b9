import type {Registry, StepType} from '../engine/step-type.ts';
import httpGet from './http-get.ts';
import httpRequest from './http-request.ts';
import shell from './shell.ts';

const types: readonly StepType[] = [httpGet, httpRequest, shell];

/** Every step type that a runbook may use. */
export const registry: Registry = new Map(types.map((type) => [type.name, type]));
