import {readFileSync, statSync} from 'node:fs';
import {basename, extname, resolve} from 'node:path';
import {type Call, type CommandFile, examples} from '../command.ts';
import type {Decision, Draft} from '../import/sketch.ts';
import {writeNew} from '../new-file.ts';
import {nextSteps, shownPath} from '../report.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly output?: string;
}

const MAX_BYTES = 5_000_000;
/** Of a runbook, too; the step that comes of it is indented. */
const LONGEST_LINE = 90_000;
const MOST_LINES = 100_000;

/** A runbook from a document that somebody has written for people. */
export const importCommand: CommandFile = {
  define(command) {
    command
      .summary('make a runbook from a tutorial in Markdown')
      .description(
        'Makes a runbook from a document in Markdown: its commands become steps, what they print becomes checks, its words stay. What a person must decide is listed, with the lines of the document. Runs nothing.',
      );
    command
      .argument('<file>', 'the document, in Markdown')
      .option('-o, --output <file>', 'the runbook to write (default: the standard output)');
    examples(command, [
      ['runbook import tutorial.md', 'look at what would become of it'],
      ['runbook import tutorial.md -o runbooks/tutorial.yaml', 'write it'],
      ['runbook import tutorial.md --json', 'with what is to be decided, for a program'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const source = resolve(call.around.cwd, call.args[0] ?? '');
    const {output} = call.options<Options>();
    const target = output === undefined || output === '-' ? undefined : resolve(call.around.cwd, output);
    const name = basename(target ?? source, extname(target ?? source));
    const {Importer} = await import('../import/importer.ts');
    const text = textOf(source, workshop);
    const {importer, draft} = within(workshop, source, () => {
      const importer = new Importer(projectOf(name));
      return {importer, draft: importer.read(text)};
    });
    if (draft.steps.length === 0) throw nothing(source, call, workshop);
    const runbook = await written(draft, importer.decisions, target === undefined ? undefined : name, workshop);
    const decisions = decisionsOf(draft, importer.decisions);
    if (target !== undefined) writeNew(target, runbook, workshop.engine);
    if (call.json)
      call.printJson({file: source, title: draft.title, runbook: target ?? runbook, steps: stepsOf(draft), decisions});
    else if (target === undefined) call.around.stdout.write(runbook);
    else call.print([shownPath(target, call.around.cwd)]);
    tell(call, draft, decisions, source, target);
    return workshop.engine.EXIT.done;
  },
};

/** A document of a few thousand lines takes less than a second. */
const LONGEST_MS = 10_000;

const within = <T>({engine}: Workshop, file: string, read: () => T): T => {
  try {
    return engine.interruptible(LONGEST_MS, read);
  } catch (error) {
    if (!(error instanceof engine.TookTooLong)) throw error;
    const message = `"${file}" takes longer than ${LONGEST_MS / 1000} s to read`;
    throw new engine.RunbookError({code: 'file-too-large', message, next: ['split the document']}, error);
  }
};

/** Compose takes lower case. */
const projectOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '') || 'project';

const written = async (
  draft: Draft,
  all: readonly Decision[],
  name: string | undefined,
  workshop: Workshop,
): Promise<string> => {
  const [{runbookText}, {repaired}] = await Promise.all([
    import('../import/runbook-text.ts'),
    import('../import/judge.ts'),
  ]);
  const comment = '# yaml-language-server: $schema=runbook.schema.json';
  return repaired(
    draft,
    () => runbookText(draft, {...(name === undefined ? {} : {name}), comment, loose: all}),
    workshop,
  );
};

/** As they stand after repairs, in the order of the document. */
const decisionsOf = (draft: Draft, all: readonly Decision[]): Decision[] =>
  [...all, ...draft.steps.flatMap(({line, id, decide}) => decide.map((what) => ({line, step: id, what})))].toSorted(
    (one, other) => one.line - other.line,
  );

const stepsOf = ({steps}: Draft) => steps.map(({id, title, uses, line}) => ({id, title, uses, line}));

const tell = (
  call: Call,
  {steps}: Draft,
  decisions: readonly Decision[],
  source: string,
  target: string | undefined,
): void => {
  const {errStyle: style, around} = call;
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  call.tell([`${count(steps.length, 'step')} from ${shownPath(source, around.cwd)}`]);
  if (decisions.length > 0 && !call.json) {
    call.tell([
      '',
      style('bold', `${count(decisions.length, 'decision')} for a person, in the runbook as "# decide:"`),
    ]);
    const width = String(Math.max(...decisions.map(({line}) => line))).length;
    call.tell(
      decisions.map(
        ({line, step, what}) =>
          `  ${style('dim', `line ${String(line).padStart(width)}`)}  ${step === undefined ? '' : `${step}: `}${what}`,
      ),
    );
  }
  if (target === undefined) return;
  const path = shownPath(target, around.cwd);
  const typed = /[/]/.test(path) ? path : `./${path}`;
  call.tell(['', ...nextSteps([`runbook plan ${typed}`, `runbook run ${typed} --step`], call.report)]);
};

const textOf = (file: string, {engine}: Workshop): string => {
  const refuse = (
    code: 'not-a-file' | 'file-unreadable' | 'file-too-large' | 'bad-encoding',
    message: string,
    next: string,
  ) => new engine.RunbookError({code, message, next: [next]});
  let bytes: Buffer;
  try {
    const {size} = statSync(file);
    if (!statSync(file).isFile()) throw refuse('not-a-file', `"${file}" is not a file`, 'name a file in Markdown');
    if (size > MAX_BYTES)
      throw refuse('file-too-large', `"${file}" has ${size} bytes, more than ${MAX_BYTES}`, 'split the document');
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof engine.RunbookError) throw error;
    throw refuse('file-unreadable', `can't read the document: ${engine.messageOf(error)}`, 'name a file in Markdown');
  }
  try {
    const text = new TextDecoder('utf-8', {fatal: true}).decode(bytes);
    if (text.includes('\0')) throw new TypeError('it holds NUL bytes');
    const lines = text.split('\n');
    if (lines.length > MOST_LINES)
      throw refuse('file-too-large', `"${file}" has more than ${MOST_LINES} lines`, 'split the document');
    const long = lines.findIndex((line) => line.length > LONGEST_LINE);
    if (long < 0) return text;
    const message = `line ${long + 1} of "${file}" is longer than ${LONGEST_LINE} characters`;
    throw refuse('file-too-large', message, 'break that line, or leave it out');
  } catch (error) {
    if (error instanceof engine.RunbookError) throw error;
    throw refuse('bad-encoding', `"${file}" is no text in UTF-8`, 'save it as UTF-8');
  }
};

const nothing = (file: string, {around}: Call, {engine}: Workshop) =>
  new engine.RunbookError({
    code: 'nothing-to-import',
    message: `there is no command in ${shownPath(file, around.cwd)}`,
    expected: 'blocks of code with commands: lines that begin with "$ ", or blocks marked sh, bash or console',
    next: ['mark its commands as code, or begin a runbook with: runbook new NAME'],
  });
