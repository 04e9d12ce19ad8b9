import {quote} from '../../engine/sh.ts';

// Without pipefail a pipe hides that its first command has failed: that has to be seen, so what it prints is taken first.

/** What a command prints, through a filter of jq. Fails where the command does. */
export const throughJq = (command: string, filter: string, flags = '-c'): string =>
  `out=$(${command}) && printf '%s\\n' "$out" | jq ${flags} ${quote(filter)}`;

/** The lines that a command prints as a list in JSON, sorted. Fails where the command does. */
export const asList = (command: string): string => throughJq(command, '[inputs | select(. != "")] | sort', '-Rnc');

/** The words of one line that a command prints, a text each, as a list in JSON, sorted. */
export const wordsAsList = (command: string): string => throughJq(command, 'split(" ") - [""] | sort', '-Rc');
