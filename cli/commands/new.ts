import {existsSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {type Call, type CommandFile, examples} from '../command.ts';
import {isPath} from '../find-runbook.ts';
import {type Beginning, beginning, template} from '../import/beginning.ts';
import {writeNew} from '../new-file.ts';
import {hasTerminal} from '../prompt.ts';
import {nextSteps, shownPath} from '../report.ts';
import {plain} from '../streams.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

const NAME = /^[a-z][a-z0-9_-]*$/;

/** A first runbook, from a command line or from a few questions. */
export const newCommand: CommandFile = {
  define(command) {
    command
      .summary('begin a runbook')
      .description(
        'Writes a first runbook: from the command that stands behind --, from a few questions on a terminal, or a template to fill in. It goes to ./runbooks where there is that folder, else here. Nothing is overwritten, and nothing is run.',
      );
    command.argument('<name>', 'what it is called').argument('[command...]', 'after --: the command of its first step');
    examples(command, [
      ['runbook new web -- docker run -d --name web -p 8080:80 nginx', 'from a command'],
      ['runbook new web', 'from a few questions'],
      ['runbook new web </dev/null', 'a template with comments'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const [name = '', ...words] = call.args;
    const file = fileFor(name, call, workshop);
    const first = words.length > 0 ? {command: lineOf(words, workshop)} : await asked(name, call, workshop);
    const text = first === undefined ? template(name) : await beginning(name, first, workshop);
    writeNew(file, text, workshop.engine);
    const problems = await workshop.engine.validateFile(file, workshop.loadOptions);
    const [problem, ...more] = problems;
    if (problem !== undefined) throw new workshop.engine.RunbookError([problem, ...more]);
    if (call.json) call.printJson({file});
    else {
      const path = shownPath(file, call.around.cwd);
      const typed = path.includes('/') ? name : `./${path}`;
      call.print([path]);
      call.tell(nextSteps([`runbook plan ${typed}`, `runbook run ${typed}`, `runbook learn ${typed}`], call.report));
    }
    return workshop.engine.EXIT.done;
  },
};

const fileFor = (name: string, {around}: Call, {engine}: Workshop): string => {
  if (isPath(name) || !NAME.test(name))
    throw new engine.RunbookError({
      code: 'bad-value',
      message: `"${name}" can't be the name of a runbook`,
      expected: 'a letter, then letters, digits, - and _, in lower case',
      next: ['the name alone: the file is NAME.yaml'],
    });
  const folder = existsSync(join(around.cwd, 'runbooks')) ? 'runbooks' : '.';
  const file = resolve(around.cwd, folder, `${name}.yaml`);
  if (existsSync(file))
    throw new engine.RunbookError({
      code: 'file-exists',
      message: `there is a file ${shownPath(file, around.cwd)} already, and nothing is overwritten`,
      next: ['choose another name, or move that file away'],
    });
  return file;
};

/** One word is a whole line, such as 'echo $HOME | wc -c'; several are its words. */
const lineOf = (words: readonly string[], {engine}: Workshop): string =>
  words.length === 1 ? (words[0] ?? '') : words.map((word) => engine.quote(word)).join(' ');

/** Undefined where nobody can be asked. */
const asked = async (name: string, call: Call, {engine}: Workshop): Promise<Beginning | undefined> => {
  const {around} = call;
  if (!hasTerminal(around) || call.json) return undefined;
  const {Prompter} = await import('../prompt.ts');
  const prompter = new Prompter({
    around,
    progress: {emit: () => {}, pause: async () => {}, resume: () => {}},
    yes: false,
    colours: call.errStyle !== plain,
    refuse: (message) =>
      new engine.RunbookError({code: 'interrupted', message, next: [`begin again with: runbook new ${name}`]}),
  });
  return prompter.withTerminal(async () => ({
    title: await prompter.type('What is it for, in one line?', (text) => text !== ''),
    command: await prompter.type('What is the first command?', (text) => text !== ''),
    check: await prompter.type('Which command shows that it worked? (Enter alone: none)', () => true),
  }));
};
