import {relative, resolve} from 'node:path';
import * as v from 'valibot';
import {quote} from '../../engine/sh.ts';
import type {Site} from '../../engine/step-type.ts';
import type {Variables} from './docker-cli.ts';
import {settings} from './docker-run-options.ts';

/** Options of everything that reads a file of Compose. */
export const fileOptions = {
  file: v.pipe(v.string(), v.minLength(1), v.description('The Compose file, relative to the runbook’s file')),
  env: v.optional(v.pipe(settings, v.description('Variables that stand in the file as ${NAME}')), {}),
};

export const pathOf = (file: string, {dir}: Pick<Site, 'dir'>): string => resolve(dir, file);

/** The file as a person names it who stands where the run was started. */
export const shortPath = (file: string, site: Site): string => relative(site.cwd, pathOf(file, site)) || '.';

/** `NAME=value ` before a command: the file's variables, secrets too, go by the environment. */
export const assignments = (env: Variables): string =>
  Object.entries(env)
    .map(([name, value]) => `${name}=${quote(String(value))} `)
    .join('');
