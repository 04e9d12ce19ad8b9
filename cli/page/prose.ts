import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import json from 'highlight.js/lib/languages/json';
import yaml from 'highlight.js/lib/languages/yaml';
import MarkdownIt from 'markdown-it';
import {escaped, Html} from './html.ts';

hljs.registerLanguage('bash', bash);
hljs.registerLanguage('sh', bash);
hljs.registerLanguage('json', json);
hljs.registerLanguage('yaml', yaml);

const highlighted = (text: string, language: string): string =>
  hljs.getLanguage(language) === undefined ? escaped(text) : hljs.highlight(text, {language}).value;

// No HTML of an author passes, and no link but those that markdown-it takes for safe.
const parser = new MarkdownIt({html: false, linkify: true, highlight: highlighted});
/** Headings of prose stand below those of the page. */
const BELOW = 3;

/** Markdown as HTML. */
export const markdown = (text: string | undefined): Html => {
  if (text === undefined) return new Html('');
  const tokens = parser.parse(text, {});
  for (const token of tokens)
    if (token.type.startsWith('heading_')) token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + BELOW)}`;
  return new Html(parser.renderer.render(tokens, parser.options, {}));
};

/** A shell command with its colours. */
export const command = (text: string): Html => new Html(highlighted(text, 'bash'));

/** One line of Markdown. */
export const markdownLine = (text: string): Html => new Html(parser.renderInline(text));
