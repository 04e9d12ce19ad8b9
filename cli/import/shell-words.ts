/** What a shell would still wait for after this text: the rest of a quote, a here-document, an `if`. */
export const isOpen = (text: string): boolean => {
  const here = hereDocument(text);
  if (here !== undefined) return !here.closed;
  const {quote, depth, bare} = scan(text);
  if (quote !== '' || depth > 0 || /(^|[^\\])(\\\\)*\\$/.test(text) || /(\||&&)\s*$/.test(text)) return true;
  const opened = bare.match(/(^|[;\n]|\bdo\b|\bthen\b)\s*(if|for|while|until|case)\b/g)?.length ?? 0;
  const closed = bare.match(/(^|[;\n])\s*(fi|done|esac)\b/g)?.length ?? 0;
  return opened > closed;
};

/** The here-document of a command, if it has one. */
export const hereDocument = (
  text: string,
): {readonly closed: boolean; readonly quoted: boolean; readonly head: string; readonly body: string} | undefined => {
  const [head = '', ...rest] = text.split('\n');
  const found = /<<(-?)\s*(['"\\]?)([A-Za-z_]\w*)/.exec(scan(head).quote === '' ? head : '');
  if (found === null) return undefined;
  const [, dash, quoted, word] = found;
  const end = rest.findIndex((line) => (dash === '-' ? line.replace(/^\t+/, '') : line).trimEnd() === word);
  return {
    closed: end !== -1,
    quoted: quoted !== '',
    head,
    body: rest.slice(0, end === -1 ? undefined : end).join('\n'),
  };
};

/** How quotes and brackets stand at the end of a text, and the text without what is quoted and commented. */
const scan = (text: string): {quote: string; depth: number; bare: string} => {
  let quote = '';
  let depth = 0;
  let bare = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (quote === "'") {
      if (char === "'") quote = '';
    } else if (char === '\\') at++;
    else if (quote === '"') {
      if (char === '"') quote = '';
    } else if (char === "'" || char === '"') quote = char;
    else if (char === '#' && /(^|\s)$/.test(text.slice(0, at))) {
      while (at + 1 < text.length && text[at + 1] !== '\n') at++;
    } else {
      if (char === '(') depth++;
      if (char === ')') depth--;
      bare += char;
    }
  }
  return {quote, depth, bare};
};

/** The parts of a pipe. */
export const pipeParts = (text: string): string[] => {
  const parts: string[] = [''];
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (quote !== "'" && char === '\\') {
      parts.push(parts.pop() + char + (text[++at] ?? ''));
      continue;
    }
    if (quote === '' ? char === "'" || char === '"' : char === quote) quote = quote === '' ? char : '';
    if (quote === '' && char === '|' && text[at + 1] !== '|' && text[at - 1] !== '|') parts.push('');
    else parts.push(parts.pop() + char);
  }
  return parts.map((part) => part.trim());
};

/** The words of one simple command, as its program gets them; undefined where a shell has more to do. */
export const wordsOf = (text: string): string[] | undefined => {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    const rest = text.slice(at);
    if (/\s/.test(char) || rest.startsWith('\\\n')) {
      if (word !== undefined) words.push(word);
      word = undefined;
      if (char === '\\') at++;
    } else if (char === '#' && word === undefined) break;
    else if (char === "'") {
      const end = text.indexOf("'", at + 1);
      if (end === -1) return undefined;
      word = (word ?? '') + text.slice(at + 1, end);
      at = end;
    } else if (char === '"') {
      const inside = /^"((?:[^"\\$`]|\\[\s\S])*)"/.exec(rest);
      if (inside === null) return undefined;
      word = (word ?? '') + (inside[1] ?? '').replace(/\\([\\"$`\n])/g, (_, one: string) => (one === '\n' ? '' : one));
      at += inside[0].length - 1;
    } else if (char === '\\') word = (word ?? '') + (text[++at] ?? '');
    else if (/[|&;<>()$`*!]/.test(char) || (char === '~' && word === undefined)) return undefined;
    else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return words.length === 0 || /^\w+=/.test(words[0] ?? '') ? undefined : words;
};
