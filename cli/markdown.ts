import MarkdownIt, {type Token} from 'markdown-it';
import {type Format, plain, type Style} from './streams.ts';
import {padded, widthOf} from './width.ts';

export interface Sheet {
  readonly columns: number;
  readonly style: Style;
}

/** A word with its looks; `joined` to the one before without a blank. */
interface Word {
  readonly text: string;
  readonly shown: string;
  readonly joined: boolean;
}

const parser = new MarkdownIt({html: false, linkify: false});

/** Markdown as lines for a terminal: prose is wrapped, code stands as it is. */
export const markdownLines = (text: string, sheet: Sheet): string[] => {
  const lines = blocks(new Tokens(parser.parse(text.trim(), {})), sheet);
  while (lines[0] === '') lines.shift();
  while (lines.at(-1) === '') lines.pop();
  return lines;
};

/** One line of Markdown, such as a title, with its emphasis and code. */
export const markdownInline = (text: string, style: Style): string =>
  wrap(wordsOf(parser.parseInline(text, {})[0]?.children ?? [], style), Number.POSITIVE_INFINITY).join(' ');

class Tokens {
  readonly #all: readonly Token[];
  #at = 0;
  constructor(all: readonly Token[]) {
    this.#all = all;
  }
  next(): Token | undefined {
    return this.#all[this.#at++];
  }
  /** Those up to the end of the block that has just been opened. */
  inside(opening: Token): Tokens {
    const from = this.#at;
    const closing = opening.type.replace('_open', '_close');
    while (this.#at < this.#all.length) {
      const token = this.#all[this.#at++];
      if (token?.type === closing && token.level === opening.level) break;
    }
    return new Tokens(this.#all.slice(from, this.#at - 1));
  }
}

const blocks = (tokens: Tokens, sheet: Sheet): string[] => {
  const lines: string[] = [];
  for (let token = tokens.next(); token !== undefined; token = tokens.next()) {
    const block = blockLines(token, tokens, sheet);
    if (block.length > 0) lines.push(...(lines.length === 0 || token.hidden ? [] : ['']), ...block);
  }
  return lines;
};

const blockLines = (token: Token, tokens: Tokens, sheet: Sheet): string[] => {
  switch (token.type) {
    case 'inline':
      return paragraph(token, sheet);
    case 'paragraph_open':
      return blocks(tokens.inside(token), sheet);
    case 'heading_open':
      return blocks(tokens.inside(token), {...sheet, style: bold(sheet.style)});
    case 'bullet_list_open':
      return list(tokens.inside(token), sheet, () => '-');
    case 'ordered_list_open': {
      let number = Number(token.attrGet('start') ?? 1);
      return list(tokens.inside(token), sheet, () => `${number++}.`);
    }
    case 'blockquote_open':
      return blocks(tokens.inside(token), narrower(sheet, 2)).map((line) =>
        `${sheet.style('dim', '│')} ${line}`.trimEnd(),
      );
    case 'fence':
    case 'code_block':
      return token.content
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `    ${sheet.style('cyan', line)}`.trimEnd());
    case 'table_open':
      return table(tokens.inside(token), sheet);
    case 'hr':
      return [sheet.style('dim', '─'.repeat(Math.min(sheet.columns, 40)))];
    default:
      return [];
  }
};

const narrower = (sheet: Sheet, by: number): Sheet => ({...sheet, columns: Math.max(20, sheet.columns - by)});

const bold =
  (style: Style): Style =>
  (format, text) =>
    style(['bold', ...[format].flat()] as Format, text);

const list = (items: Tokens, sheet: Sheet, markOf: () => string): string[] => {
  const lines: string[] = [];
  for (let token = items.next(); token !== undefined; token = items.next()) {
    if (token.type !== 'list_item_open') continue;
    const mark = markOf();
    const indent = ' '.repeat(mark.length + 1);
    const inside = blocks(items.inside(token), narrower(sheet, mark.length + 3));
    lines.push(...inside.map((line, index) => `  ${index === 0 ? `${mark} ` : indent}${line}`.trimEnd()));
  }
  return lines;
};

const table = (tokens: Tokens, {style}: Sheet): string[] => {
  const rows: string[][] = [];
  for (let token = tokens.next(); token !== undefined; token = tokens.next()) {
    if (token.type === 'tr_open') rows.push([]);
    if (token.type === 'inline') rows.at(-1)?.push(wrap(wordsOf(token.children ?? [], style), 1000).join(' '));
  }
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.flatMap((row, index) => {
    const line = `  ${row.map((cell, column) => padded(cell, widths[column] ?? 0)).join('  ')}`.trimEnd();
    return index === 0 ? [line, `  ${style('dim', widths.map((width) => '─'.repeat(width)).join('  '))}`] : [line];
  });
};

const paragraph = (token: Token, {columns, style}: Sheet): string[] => {
  const lines: string[] = [];
  let words: Token[] = [];
  for (const child of [...(token.children ?? []), undefined]) {
    if (child !== undefined && child.type !== 'hardbreak') words.push(child);
    else {
      lines.push(...wrap(wordsOf(words, style), columns));
      words = [];
    }
  }
  return lines;
};

const CODE: Format = 'cyan';
const STYLES: Readonly<Record<string, Format>> = {strong_open: 'bold', em_open: 'italic', s_open: 'strikethrough'};

const wordsOf = (children: readonly Token[], style: Style): Word[] => {
  const words: Word[] = [];
  const formats: Format[] = [];
  let target = '';
  let isJoined = true;
  const add = (text: string, looks: readonly Format[]): void => {
    const parts = text.split(/[ \n]+/);
    for (const [index, part] of parts.entries()) {
      if (index > 0) isJoined = false;
      if (part === '') continue;
      words.push({
        text: part,
        shown: looks.length === 0 ? part : style(looks.flat() as Format, part),
        joined: isJoined,
      });
      isJoined = true;
    }
  };
  for (const child of children) {
    const format = STYLES[child.type];
    if (format !== undefined) formats.push(format);
    else if (/^(strong|em|s)_close$/.test(child.type)) formats.pop();
    else if (child.type === 'text') add(child.content, formats);
    else if (child.type === 'softbreak') isJoined = false;
    else if (child.type === 'code_inline')
      add(style === plain ? `\`${child.content}\`` : child.content, [...formats, CODE]);
    else if (child.type === 'link_open') target = String(child.attrGet('href') ?? '');
    else if (child.type === 'link_close')
      add(/^https?:/.test(target) && words.at(-1)?.text !== target ? ` (${target})` : '', ['dim']);
    else if (child.type === 'image') add(`[${child.content}]`, ['dim']);
  }
  return words;
};

/** Words in lines of at most so many columns; a longer word gets a line of its own. */
const wrap = (words: readonly Word[], columns: number): string[] => {
  const lines: string[] = [];
  let line = '';
  let width = 0;
  for (const unit of unitsOf(words)) {
    const size = unit.reduce((sum, {text}) => sum + widthOf(text), 0);
    const shown = unit.map((word) => word.shown).join('');
    if (width > 0 && width + 1 + size > columns) {
      lines.push(line);
      line = shown;
      width = size;
    } else {
      line = width === 0 ? shown : `${line} ${shown}`;
      width += size + (width === 0 ? 0 : 1);
    }
  }
  return width === 0 ? lines : [...lines, line];
};

/** Words that no blank parts stay together. */
const unitsOf = (words: readonly Word[]): Word[][] => {
  const units: Word[][] = [];
  for (const word of words) {
    const last = units.at(-1);
    if (word.joined && last !== undefined) last.push(word);
    else units.push([word]);
  }
  return units;
};
