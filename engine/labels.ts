import {createHash} from 'node:crypto';
import {realpathSync, statSync} from 'node:fs';
import {hostname} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {machineId} from './owner.ts';

/** Stands for the runbook of what does not tell it. */
export const NAMELESS = '?';

/** Whose a thing is, as its labels tell. */
export interface Tag {
  readonly run: string;
  /** The step's key. */
  readonly step: string;
  readonly runbook: string;
  /** The step type that made it; empty on what an older version of this program has made. */
  readonly uses: string;
  /** Where the run's journal is kept, as `placeOf` has it; empty on what an older version has made. */
  readonly place: string;
}

/** The labels for everything that a step makes. */
export const labelsOf = ({run, step, runbook, uses, place}: Tag): Readonly<Record<string, string>> => ({
  'io.runbook.run': run,
  'io.runbook.step': step,
  'io.runbook.runbook': runbook,
  'io.runbook.uses': uses,
  'io.runbook.state': place,
});

/** One label a line, for scripts that label what they make. */
export const labelLines = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');

/** What labels say, from the lines of `labelLines`. */
export const parseLines = (lines: string): Readonly<Record<string, string>> =>
  Object.fromEntries(lines.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));

// What is written on a thing, anybody can write: it becomes part of paths, and is shown.
const RUN = /^[0-9A-Za-z][\w.-]{0,99}$/;
const STEP = /^[^\p{Cc}]{1,1000}$/u;
const RUNBOOK = /^(?!\.{1,2}$)[^/\p{Cc}]{1,255}$/u;

/** What labels say; undefined where no run of ours can have written them. */
export const readTag = (labels: Readonly<Record<string, string | undefined>>): Tag | undefined => {
  const [run = '', step = '', runbook = '', uses = '', place = ''] = ['run', 'step', 'runbook', 'uses', 'state'].map(
    (name) => labels[`io.runbook.${name}`],
  );
  if (!RUN.test(run) || !STEP.test(step) || !RUNBOOK.test(runbook)) return undefined;
  return {run, step, runbook, uses: STEP.test(uses) ? uses : '', place: STEP.test(place) ? place : ''};
};

/** The folder's real path; of one that is not there, as it would be. */
const realPath = (folder: string): string => {
  for (const [parent, name] of [
    [folder, ''],
    [dirname(folder), basename(folder)],
  ] as const)
    try {
      return join(realpathSync(parent), name);
    } catch {
      // Not there, or not for us to see.
    }
  return folder;
};

/**
 * Tells the folder that a state directory is in from any other, also one of the same path on a host of the same name,
 * as containers are. Who removes the state directory and makes it anew does not change it.
 */
const identityOf = (folder: string): string => {
  try {
    const {dev, ino} = statSync(dirname(folder), {bigint: true});
    return createHash('sha256').update(`${machineId()} ${dev} ${ino}`).digest('hex').slice(0, 12);
  } catch {
    return '';
  }
};

/** How a state directory is named to others who use the same engines: `HOST:/path#identity`. */
export const placeOf = (stateDir: string): string => {
  const folder = realPath(stateDir);
  return `${hostname()}:${folder}#${identityOf(folder)}`;
};

/** `HOST:/path`, for people. */
export const shownPlace = (place: string): string => place.replace(/#[0-9a-f]*$/, '');

/** The state directory that is meant, when it is one of this host. */
export const folderAt = (place: string): string | undefined => {
  const own = `${hostname()}:/`;
  return place.startsWith(own) ? shownPlace(place).slice(own.length - 1) : undefined;
};
