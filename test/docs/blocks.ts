import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

/** A fenced block of a Markdown file. */
export interface Block {
  readonly language: string;
  /** What stands behind the language: says to a test what the block is. */
  readonly mark: string;
  readonly text: string;
  /** Line of its first line of text; starts at 1. */
  readonly line: number;
}

/** The path of a file of the project. */
export const projectFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const readProject = (path: string): string => readFileSync(projectFile(path), 'utf8');

/** The fenced blocks of a document, in its order. */
export const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^```(\w+)[ \t]*(.*)\n([\s\S]*?)^```$/gm)].map(
    ({1: language = '', 2: mark = '', 3: text = '', index}) => ({
      language,
      mark: mark.trim(),
      text,
      line: markdown.slice(0, index).split('\n').length + 1,
    }),
  );

/** The rows of the table whose head has this first cell, each cell without its code marks. */
export const tableUnder = (markdown: string, firstCell: string): string[][] => {
  const lines = markdown.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${firstCell} |`));
  if (head < 0) return [];
  const rest = lines.slice(head + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end < 0 ? undefined : end).map(cellsOf);
};

// a bar inside of a cell is written \|
const cellsOf = (line: string): string[] =>
  line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|').replaceAll('`', ''));
