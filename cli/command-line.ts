/** A command line of several lines in one, for places where only one fits; not for pasting. */
export const inOneLine = (command: string): string =>
  command
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    // the brackets around a script of several lines
    .filter((line) => !['', '(', ')'].includes(line))
    .join('; ');

/**
 * Whether a shell reads a command of several lines the same with blanks in front of each: not where a line begins
 * inside of quotes, of a here-document or of a word. In doubt it says no.
 */
export const mayBeIndented = (command: string): boolean => {
  if (/<<|\$'|`/.test(command) || /[^\s]\\\n/.test(command)) return false;
  let quote = '';
  for (let at = 0; at < command.length; at++) {
    const char = command[at] ?? '';
    if (char === '\\' && quote !== "'") at++;
    else if (char === quote) quote = '';
    else if (quote === '' && (char === "'" || char === '"')) quote = char;
    else if (quote === '' && char === '#' && /[\s;&|()]/.test(command[at - 1] ?? ' ')) at = endOfLine(command, at);
    else if (quote !== '' && char === '\n') return false;
  }
  return quote === '';
};

const endOfLine = (text: string, from: number): number => {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
};

/** A command as lines to be copied, each behind a margin; at the very left where blanks would change what it means. */
export const pasteable = (
  command: string,
  first: string,
  margin: string,
  look: (line: string) => string = (line) => line,
): string[] => {
  const lines = command.replace(/\n+$/, '').split('\n');
  const shown = (line: string): string => (line === '' ? '' : look(line));
  if (lines.length === 1) return [first + shown(lines[0] ?? '')];
  if (mayBeIndented(command))
    return lines.map((line, index) => (line === '' ? '' : (index === 0 ? first : margin) + shown(line)));
  return [`${first}(these ${lines.length} lines, from the left margin on)`, ...lines.map(shown)];
};
