/** A page of the documents, done as a reader would do it: its files written, its commands typed, what they print compared. */
import {readFileSync, writeFileSync} from 'node:fs';
import {mkdir, symlink} from 'node:fs/promises';
import {delimiter, join} from 'node:path';
import * as assert from 'uvu/assert';
import {parse} from 'yaml';
import type {CliRig} from '../cli-rig.ts';
import {startPty} from '../pty.ts';
import {type Block, blocksOf, projectFile, readProject} from './blocks.ts';
import {differenceOf} from './transcript.ts';

/*
 * How a block of commands is marked, behind "sh" or "text":
 *   (nothing)       it is typed, from the top of the page to its end, in one folder; sh has to exit with 0
 *   exits N         with N
 *   answers A B     on a terminal; these are typed when it asks
 *   needs WHAT      it can't be done where tests run: one of NEEDS
 * A block of text with lines that begin with "$ " is typed, too, and what it shows has to be what is printed.
 * Other blocks of text say what they are:
 *   file NAME       a file that the page's commands use
 *   sketch          a form, nothing that is printed
 * A block "yaml runbook NAME [FOLDER]" is the file NAME.yaml.
 * With UPDATE=1 a command that shows nothing yet gets what it prints.
 * Of a block "yaml workflow" the scripts are typed, but for those that install.
 * What readers need not see stands in comments: "<!-- typed", "<!-- file NAME", the text, "-->".
 */
export const NEEDS: readonly string[] = ['a fresh machine', 'hours', 'a person', 'an earlier run like it'];

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands before a command that sees the engine's network. */
  readonly inside?: readonly string[];
}

export interface Deed {
  readonly block: Block;
  readonly kind: 'typed' | 'shown' | 'file' | 'left';
}

const COLUMNS = 300;
const ROWS = 60;
/** Where it is seen that the program waits for an answer. */
const ASKS = /[[(]y\/N[\])]|quit\] > |▸ /;

const kindOf = ({language, mark, text}: Block): Deed['kind'] => {
  const [word] = mark.split(' ');
  if (word === 'needs' || word === 'sketch') return 'left';
  if (language === 'yaml') return word === 'runbook' ? 'file' : word === 'workflow' ? 'typed' : 'left';
  if (word === 'file') return 'file';
  return language === 'sh' ? 'typed' : /^\$ /m.test(text) ? 'shown' : 'left';
};

/** Comments that the stage reads, as blocks. */
const withComments = (markdown: string): string =>
  markdown
    .replace(/^<!-- typed\n([\s\S]*?)^-->$/gm, '```sh\n$1```')
    .replace(/^<!-- file (\S+)\n([\s\S]*?)^-->$/gm, '```text file $1\n$2```');

/** What a page has a reader do, in its order. */
export const deedsOf = (page: string): Deed[] =>
  blocksOf(withComments(readProject(page)))
    .filter(({language}) => ['sh', 'text', 'yaml'].includes(language))
    .map((block) => ({
      block: block.mark === 'workflow' ? {...block, text: scriptsOf(block)} : block,
      kind: kindOf(block),
    }));

interface Workflow {
  readonly jobs: Readonly<Record<string, {readonly steps: readonly {readonly run?: string}[]}>>;
}

const scriptsOf = ({text}: Block): string =>
  Object.values((parse(text) as Workflow).jobs)
    .flatMap(({steps}) => steps.map(({run = ''}) => run))
    .filter((script) => script !== '' && !script.includes('npm '))
    .join('\n');

/** Why a block is neither typed nor marked in a way that allows to leave it; undefined when all is well. */
export const flawOf = ({block: {language, mark}, kind}: Deed): string | undefined => {
  if (kind !== 'left' || language === 'yaml' || mark === 'sketch') return undefined;
  const need = mark.replace(/^needs /, '');
  if (NEEDS.includes(need)) return undefined;
  return mark === ''
    ? 'say what it is, behind "text"'
    : `"${need}" is no reason to leave it; there are: ${NEEDS.join(', ')}`;
};

/** Makes `runbook` and `npx runbook` of the folder the program that is tested. */
const install = async (rig: CliRig): Promise<void> => {
  const bin = join(rig.dir, 'node_modules/.bin');
  await mkdir(bin, {recursive: true});
  await symlink(projectFile('dist/cli/runbook.cjs'), join(bin, 'runbook'));
};

const nameOf = ({mark, language}: Block): string => {
  const [, name = '', folder = '.'] = mark.split(' ');
  return language === 'yaml' ? join(folder, `${name}.yaml`) : name;
};

/** Does what the page says. */
export const playPage = async (page: string, rig: CliRig, around: Surroundings = {}): Promise<void> => {
  await install(rig);
  for (const {block, kind} of deedsOf(page)) {
    const where = `${page}:${block.line}`;
    if (kind === 'file') await rig.write({[nameOf(block)]: block.text});
    else if (kind === 'typed') await typeBlock(block, where, rig, around);
    else if (kind === 'shown')
      for (const part of partsOf(block.text)) await typeAndCompare(part, block, where, rig, around);
  }
};

const wordsAfter = (mark: string, word: string): string[] => {
  const words = mark.split(' ');
  const at = words.indexOf(word);
  if (at < 0) return [];
  const rest = words.slice(at + 1);
  const end = rest.findIndex((one) => one === 'exits' || one === 'answers');
  return end < 0 ? rest : rest.slice(0, end);
};

const typeBlock = async ({mark, text}: Block, where: string, rig: CliRig, around: Surroundings): Promise<void> => {
  const {code, printed} = await type(text, wordsAfter(mark, 'answers'), rig, around);
  assert.is(code, Number(wordsAfter(mark, 'exits')[0] ?? 0), `${where}\n${text}\n${printed.join('\n')}`);
};

interface Part {
  readonly command: string;
  readonly shown: readonly string[];
}

/** Each command of a transcript, with what it shows. */
const partsOf = (text: string): Part[] =>
  text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...shown] = part.trimEnd().split('\n');
      return {command, shown};
    });

const typeAndCompare = async (
  {command, shown}: Part,
  {mark}: Block,
  where: string,
  rig: CliRig,
  around: Surroundings,
): Promise<void> => {
  const {printed} = await type(command, wordsAfter(mark, 'answers'), rig, around);
  if (shown.length === 0 && process.env.UPDATE === '1') return fill(where, command, printed, rig);
  const difference = differenceOf(shown, printed);
  assert.is(difference, undefined, `${where}: $ ${command}\n${difference}\nprinted:\n${printed.join('\n')}`);
};

/** Writes into the page what a command has printed. */
const fill = (where: string, command: string, printed: readonly string[], {dir}: CliRig): void => {
  const file = projectFile(where.split(':')[0] ?? '');
  const shown = printed.map((line) => line.replaceAll(dir, '…').trimEnd()).join('\n');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(`$ ${command}\n`, () => `$ ${command}\n${shown}\n`),
  );
};

const RUN_ID = /\b(?:\d{8}-\d{6}-\w{4,5}|RUN)\b/g;

/** What a command line of the page is here and now: a run's id stands for the newest run. */
const now = async (text: string, rig: CliRig): Promise<string> => {
  if (text.search(RUN_ID) < 0) return text;
  const {stdout} = await rig.runbook(['runs', '--json']);
  const [newest] = JSON.parse(stdout) as {run: string}[];
  return text.replace(RUN_ID, newest?.run ?? 'no-run');
};

const type = async (
  text: string,
  answers: readonly string[],
  rig: CliRig,
  {env = {}, inside = []}: Surroundings,
): Promise<{code: number; printed: readonly string[]}> => {
  const command = [...inside, 'sh', '-eu', '-c', await now(text, rig)] as unknown as readonly [string, ...string[]];
  const pty = startPty(rig, [], {
    command,
    columns: COLUMNS,
    rows: ROWS,
    env: {
      ...env,
      PATH: [join(rig.dir, 'node_modules/.bin'), process.env.PATH].join(delimiter),
      NO_COLOR: '1',
      PAGER: 'cat',
      NPM_CONFIG_UPDATE_NOTIFIER: 'false',
      NPM_CONFIG_PROGRESS: 'false',
      ...(answers.length === 0 ? {RUNBOOK_NO_MENU: '1'} : {}),
    },
  });
  for (const answer of answers) {
    await pty.says(ASKS);
    pty.types(`${answer}\r`);
  }
  return {code: await pty.ended, printed: pty.lines()};
};
