import type {DescribedCheck, DescribedStep, Description} from '../engine/index.ts';
import {pathsNote} from './paths-note.ts';
import {ticking} from './time.ts';

/** A runbook as Markdown, for a repository or a wiki. */
export const markdownPage = (runbook: Description, typed: string): string =>
  `${[
    `# ${runbook.title}`,
    ...section(runbook.about),
    ...needs(runbook),
    ...runbook.steps.flatMap((step, index) => stepSection(step, index + 1)),
    '---',
    `Run it: \`runbook run ${typed}\`. Learn it: \`runbook learn ${typed}\`.`,
    ...paths(
      runbook.pathsFrom,
      runbook.steps.flatMap(({commands}) => commands),
    ),
  ].join('\n\n')}\n`;

/** A line of a command in a sentence stands as code. */
export const paths = (pathsFrom: string | undefined, commands: readonly string[]): string[] => {
  const note = pathsNote(pathsFrom, commands);
  return note === undefined ? [] : [`${note.replace(/: (cd .*)$/, ': `$1`')}.`];
};

export const section = (text: string | undefined): string[] =>
  text === undefined || text.trim() === '' ? [] : [lowered(text.trim())];

/** Headings of prose stand below those of the page. */
const lowered = (text: string): string => text.replace(/^(#{1,4}) /gm, '$1## ');

export const needs = ({requires, inputs}: Description): string[] => [
  ...(requires.length === 0 ? [] : [`**Needs** ${requires.join(', ')}`]),
  ...(inputs.length === 0
    ? []
    : [
        [
          '| input | | |',
          '| --- | --- | --- |',
          ...inputs.map(
            ({name, type, default: value, about}) =>
              `| \`${name}\` | ${type}, ${value === undefined ? 'to be given' : `\`${cell(JSON.stringify(value))}\` by default`} | ${cell(about ?? '')} |`,
          ),
        ].join('\n'),
      ]),
];

const cell = (text: string): string => text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|');

const stepSection = ({title, about, commands, checks}: DescribedStep, number: number): string[] => [
  `## ${number}. ${title}`,
  ...section(about),
  ...commands.filter((command) => command.trim() !== '').map((command) => fenced(command.trimEnd())),
  ...(checks.length === 0 ? [] : [checks.map((check) => `- ${checkText(check)}`).join('\n')]),
];

/** A fence that is longer than any in the text. */
export const fenced = (text: string, language = 'sh'): string => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
};

export const checkText = ({kind, command, expect, withinMs}: DescribedCheck): string => {
  const within = withinMs > 0 ? `, within ${ticking(withinMs)}` : '';
  if (kind === 'own') return `✔ the step checks that all of it is in place${within}`;
  const parts = [
    ...(command === undefined ? [] : [code(command.trim().replace(/\s*\n\s*/g, '; '))]),
    ...(expect === undefined ? [] : [`${code(expect.trim().replace(/\s*\n\s*/g, ' '))}${within}`]),
  ];
  return `✔ ${parts.join(': ')}`;
};

export const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``);
