/** How a command changes the shell that it is typed in. */
export type Change =
  /** The shell is pointed at a machine, or at the own engine again. */
  | {readonly kind: 'machine'; readonly machine: string | undefined}
  /** A variable takes what a command prints. */
  | {readonly kind: 'capture'; readonly name: string; readonly command: string}
  | {readonly kind: 'value'; readonly name: string; readonly value: string};

const POINTED = /^eval\s+["']?(?:\$\(|`)\s*docker-machine\s+env\s+(.*?)\s*(?:\)|`)["']?$/;
const SET = /^(?:export\s+)?([A-Za-z_]\w*)=([\s\S]*)$/;
const ONE_WORD = /"[^"]*"|'[^']*'|\$\([\s\S]*\)|`[^`]*`|\\[\s\S]/g;

export const changeOf = (text: string): Change | undefined => {
  const pointed = POINTED.exec(text)?.[1];
  if (pointed !== undefined) {
    const name = pointed.split(/\s+/).at(-1) ?? '';
    return {kind: 'machine', machine: /^(-u|--unset)$/.test(name) ? undefined : name};
  }
  const [, name = '', value] = SET.exec(text) ?? [];
  if (value === undefined || / /.test(value.replace(ONE_WORD, ''))) return undefined;
  const command = /^"?(?:\$\(([\s\S]*)\)|`([^`]*)`)"?$/.exec(value);
  if (command !== null && !/^\(/.test(command[1] ?? ''))
    return {kind: 'capture', name, command: (command[1] ?? command[2] ?? '').trim()};
  if (/[$`]/.test(value.replace(/'[^']*'/g, ''))) return {kind: 'capture', name, command: `printf '%s\\n' ${value}`};
  return {kind: 'value', name, value};
};
