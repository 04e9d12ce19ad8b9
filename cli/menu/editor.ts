import {readFile} from 'node:fs/promises';
import {basename} from 'node:path';
import type {Place} from '../../engine/index.ts';
import type {Surroundings} from '../surroundings.ts';
import {type Ended, onTerminal} from './foreground.ts';

type Environment = Surroundings['env'];
type Where = Pick<Place, 'file' | 'line'>;

const FALLBACK = 'vi';

/** The line with which a person starts an editor, as `VISUAL` or `EDITOR` has it; it may hold arguments and quotes. */
export const editorOf = (env: Environment): string => env.VISUAL?.trim() || env.EDITOR?.trim() || FALLBACK;

/** The name of the program in such a line. */
export const nameOf = (editor: string): string => {
  const [, double, single, bare] = /^(?:"([^"]*)"|'([^']*)'|((?:\\.|[^\s\\])*))/.exec(editor) ?? [];
  return basename(double ?? single ?? bare?.replace(/\\(.)/g, '$1') ?? '');
};

type Arguments = (where: Where, editor: string) => readonly string[];

const plus: Arguments = ({file, line}) => [`+${line}`, file];
const colon: Arguments = ({file, line}) => [`${file}:${line}`];
/** Without `--wait` these hand the file to a window and are done at once. */
const waiting = (editor: string): readonly string[] => (/\s(?:-w|--wait)\b/.test(editor) ? [] : ['--wait']);

const GOTO: readonly (readonly [names: readonly string[], to: Arguments])[] = [
  [
    ['vi', 'vim', 'nvim', 'view', 'nano', 'pico', 'emacs', 'emacsclient', 'mg', 'joe', 'jed', 'kak', 'micro', 'ne'],
    plus,
  ],
  [['vim.basic', 'vim.tiny', 'vim.nox', 'vim.gtk3', 'mcedit', 'gedit'], plus],
  [
    ['code', 'code-insiders', 'codium', 'cursor', 'windsurf'],
    (where, editor) => [...waiting(editor), '-g', ...colon(where, editor)],
  ],
  [['subl', 'zed', 'atom'], (where, editor) => [...waiting(editor), ...colon(where, editor)]],
  [['hx', 'helix'], colon],
];

/** What an editor is given: the file, and the line in its own way; one that is not known gets just the file. */
export const argumentsFor = (editor: string, where: Where): readonly string[] => {
  const to = GOTO.find(([names]) => names.includes(nameOf(editor)))?.[1];
  return to === undefined ? [where.file] : to(where, editor);
};

/** How editing ended: the file is another now, the same, or the editor failed, and how. */
export type Edited = 'changed' | 'unchanged' | {readonly failed: string};

/** Opens a file in the person's editor, at a line, and waits until it is closed. */
export const edit = async (around: Surroundings, where: Where): Promise<Edited> => {
  const editor = editorOf(around.env);
  const before = await textOf(where.file);
  // The shell reads the quotes and arguments in the variable, as it does for every program that honours it.
  const ended = await onTerminal(around, {
    file: 'sh',
    args: ['-c', `${editor} "$@"`, nameOf(editor), ...argumentsFor(editor, where)],
    cwd: around.cwd,
    env: around.env,
  });
  const failed = failureOf(ended, editor);
  if (failed !== undefined) return {failed};
  return (await textOf(where.file)) === before ? 'unchanged' : 'changed';
};

const textOf = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);

const NOT_FOUND = 127;

const failureOf = (ended: Ended, editor: string): string | undefined => {
  if ('error' in ended) return ended.error;
  if ('signal' in ended) return `the editor was ended by ${ended.signal}`;
  if (ended.code === NOT_FOUND) return `there is no editor "${nameOf(editor)}": set EDITOR to one that you have`;
  return ended.code === 0 ? undefined : `the editor exited with code ${ended.code}`;
};
