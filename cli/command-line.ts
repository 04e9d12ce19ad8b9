/** A command line of several lines in one, for places where only one fits; not for pasting. */
export const inOneLine = (command: string): string =>
  command
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    // the brackets around a script of several lines
    .filter((line) => !['', '(', ')'].includes(line))
    .join('; ');
