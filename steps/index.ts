import type {Registry, StepType} from '../engine/step-type.ts';
import assert from './assert.ts';
import confirm from './confirm.ts';
import fileWrite from './file-write.ts';
import httpGet from './http-get.ts';
import httpRequest from './http-request.ts';
import manual from './manual.ts';
import shell from './shell.ts';

const types: readonly StepType[] = [assert, confirm, fileWrite, httpGet, httpRequest, manual, shell];

/** Every step type that a runbook may use. */
export const registry: Registry = new Map(types.map((type) => [type.name, type]));
