import MarkdownIt, {type Token} from 'markdown-it';

/** A piece of a Markdown document. Lines are those of the file, starting at 1. */
export type Block =
  | {readonly kind: 'heading'; readonly line: number; readonly level: number; readonly text: string}
  | {readonly kind: 'prose'; readonly line: number; readonly text: string}
  | {
      readonly kind: 'code';
      readonly line: number;
      readonly language: string;
      readonly info: string;
      readonly text: string;
    };

const parser = new MarkdownIt({html: true, linkify: false});
const CONTAINERS = ['bullet_list_open', 'ordered_list_open', 'list_item_open', 'blockquote_open'];

/** A document in the order in which it is read: headings, prose as it was written, code wherever it stands. */
export const readDocument = (text: string): Block[] => {
  const lines = withoutFrontMatter(text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')).split('\n');
  const headed = lines.map((line) => line.replace(/^(#{1,6})(?=[A-Za-z0-9])/, '$1 '));
  const tokens = parser.parse(headed.join('\n'), {});
  const blocks: Block[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined || token.map === null) continue;
    if (CONTAINERS.includes(token.type) && holdsCode(tokens, at)) continue;
    const block = blockOf(token, tokens[at + 1], lines);
    if (block !== undefined) blocks.push(block);
    at = endOf(tokens, at);
  }
  return blocks;
};

/** Metadata that site generators read; its lines stay, so that the others keep their numbers. */
const withoutFrontMatter = (text: string): string =>
  text.replace(/^(---|\+\+\+)\n[\s\S]*?\n\1[ \t]*(?=\n|$)/, (all) => all.replace(/[^\n]/g, ''));

const blockOf = (token: Token, content: Token | undefined, lines: readonly string[]): Block | undefined => {
  const [from = 0, to = 0] = token.map ?? [];
  const line = from + 1;
  switch (token.type) {
    case 'heading_open':
      return {kind: 'heading', line, level: Number(token.tag.slice(1)), text: plainText(content)};
    case 'fence':
    case 'code_block': {
      const info = token.info.trim();
      const language = (/^\{?\.?([\w+#.-]+)/.exec(info)?.[1] ?? '').toLowerCase();
      return {kind: 'code', line: token.type === 'fence' ? line + 1 : line, language, info, text: token.content};
    }
    case 'hr':
      return undefined;
    case 'html_block':
      if (/^\s*<!--/.test(token.content)) return undefined;
      return {kind: 'prose', line, text: token.content.trim()};
    default: {
      const text = dedented(lines.slice(from, to)).trim();
      return text === '' ? undefined : {kind: 'prose', line, text};
    }
  }
};

const plainText = (inline: Token | undefined): string =>
  (inline?.children ?? [])
    .map(({type, content}) => (type === 'softbreak' ? ' ' : ['text', 'code_inline'].includes(type) ? content : ''))
    .join('')
    .trim();

const dedented = (lines: readonly string[]): string => {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)?.[0].length ?? 0);
  const least = Math.min(...indents);
  return lines.map((line) => line.slice(least)).join('\n');
};

const holdsCode = (tokens: readonly Token[], at: number): boolean =>
  tokens.slice(at, endOf(tokens, at)).some(({type}) => type === 'fence' || type === 'code_block');

/** Where the block ends that this token opens. */
const endOf = (tokens: readonly Token[], at: number): number => {
  const opening = tokens[at];
  if (opening === undefined || opening.nesting !== 1) return at;
  // not findIndex: it would begin at the document's first token, again for each block
  let end = at + 1;
  while (end < tokens.length && !(tokens[end]?.nesting === -1 && tokens[end]?.level === opening.level)) end++;
  return end;
};
