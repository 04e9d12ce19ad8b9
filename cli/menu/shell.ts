import {existsSync} from 'node:fs';
import type {StepPlace} from '../../engine/index.ts';
import type {Call} from '../command.ts';
import {inOneLine} from '../command-line.ts';
import {labelled} from '../report.ts';
import {cut} from '../width.ts';
import {type Ended, onTerminal} from './foreground.ts';

const FALLBACK = '/bin/sh';
const MOST_NAMES = 6;

/** A shell of the person's own where the step stands, until it is left. */
export const shellBeside = async (call: Call, place: StepPlace): Promise<void> => {
  const {around} = call;
  const shell = around.env.SHELL || FALLBACK;
  const cwd = folderOf(call, place);
  call.tell(['', ...besideLines(call, place, cwd), '']);
  const ended = await onTerminal(around, {file: shell, args: [], cwd, env: place.env});
  if ('error' in ended && shell !== FALLBACK) {
    call.tell([`${shell} can't be started (${ended.error}); this is ${FALLBACK}`]);
    tellFailure(call, await onTerminal(around, {file: FALLBACK, args: [], cwd, env: place.env}));
  } else tellFailure(call, ended);
};

/** A shell where the step acts, such as in its container. */
export const shellInside = async (call: Call, place: StepPlace): Promise<void> => {
  const {inside} = place;
  if (inside === undefined) {
    call.tell(["it can't be told where the step acts: what it needs is not there"]);
    return;
  }
  const {errStyle: style} = call;
  call.tell([
    '',
    `${style('bold', `a shell inside ${inside.what}`)}, for step "${place.step}"; come back with: exit`,
    ...labelled('ran', inside.line, style),
    '',
  ]);
  const {around} = call;
  tellFailure(
    call,
    await onTerminal(around, {file: 'sh', args: ['-c', inside.line], cwd: folderOf(call, place), env: place.env}),
  );
};

const folderOf = ({around}: Call, {cwd}: StepPlace): string => (existsSync(cwd) ? cwd : around.cwd);

/** What a shell exits with says nothing of us. */
const tellFailure = (call: Call, ended: Ended): void => {
  if ('error' in ended) call.tell([`it can't be started: ${ended.error}`]);
};

const besideLines = ({errStyle: style, columns}: Call, place: StepPlace, cwd: string): string[] => {
  const folder = cwd === place.cwd ? cwd : `${cwd}, as ${place.cwd} is not there`;
  const more = place.names.length > MOST_NAMES ? ', ...' : '';
  const named = place.names.filter((name) => !OWN.has(name));
  return [
    `${style('bold', `a shell beside step "${place.step}"`)}; come back with: exit`,
    ...labelled('folder', folder, style),
    ...labelled('again', 'sh -c "$RUNBOOK_COMMAND"', style),
    ...labelled('', `$ ${cut(inOneLine(place.command), columns - 16)}`, style).map((line) => style('dim', line)),
    ...labelled('values', 'env | grep ^RUNBOOK_', style),
    ...(named.length === 0 ? [] : labelled('', cut(named.join(' ') + more, columns - 14), style)),
    ...unsetLines(place, style),
  ];
};

const OWN: ReadonlySet<string> = new Set(['RUNBOOK_COMMAND', 'RUNBOOK_RUN', 'RUNBOOK_STATE_DIR']);

const unsetLines = ({unset}: StepPlace, style: Call['errStyle']): string[] =>
  unset.length === 0
    ? []
    : labelled(
        'not set',
        `${unset.join(', ')}: a secret that does not go by the environment; set it to repeat the step`,
        style,
      );
