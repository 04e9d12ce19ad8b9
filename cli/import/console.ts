import {isOpen} from './shell-words.ts';

/** One command of a block of code, and what it printed. */
export interface Exchange {
  readonly command: string;
  /** The line of the file where it begins. */
  readonly line: number;
  readonly output: readonly string[];
  /** Comments that stand before it. */
  readonly comment: string;
}

const SHELLS = ['sh', 'bash', 'shell', 'zsh', 'ksh', 'dash'];
const SESSIONS = ['console', 'shell-session', 'shellsession', 'sh-session', 'terminal', 'term', 'bash-session', ''];
const PROMPT =
  /^\s*(?:\$ |\$(?=[a-z])|% |❯ |➜ |(?:\([\w.-]+\) ?)?\[?[\w.-]+@[\w.-]+[: ][^\s$#%]*\]?\s?[$#%] )\s*(\S.*)$/;
const ROOT = /^\s*# (\S.*)$/;
const COMMAND =
  /^(sudo|docker(-compose|-machine)?|apt(-get)?|yum|dnf|apk|brew|systemctl|service|curl|wget|cd|mkdir|ls|cat|echo|git|kubectl|helm|minikube|kind|npm|npx|yarn|pip3?|python3?|node|go|cargo|make|vi|vim|nano|useradd|adduser|usermod|chown|chmod|cp|mv|rm|ln|touch|ip|iptables|ufw|consul|vault|nomad|terraform|ansible(-playbook)?|dig|nslookup|ping|export|source|tar|unzip|ssh|scp|psql|mysql|redis-(cli|server)|mongo|openssl|tee|sed|grep|ps|kill|nginx|hostname(ctl)?|swapoff|modprobe|sysctl|kubeadm|eval|set|tail|head|df|du|id|uname|whoami|date)$/;

/** Whether code of that language is typed in a shell. */
export const isShell = (language: string): boolean => SHELLS.includes(language) || SESSIONS.includes(language);

/** The commands of a block, with their outputs; nothing where it holds no command. */
export const readConsole = (code: string, language: string, line: number): Exchange[] => {
  if (!isShell(language)) return [];
  const lines = code.replace(/\n+$/, '').split('\n');
  if (lines.some((one) => PROMPT.test(one))) return prompted(lines, line, PROMPT);
  const first = lines.find((one) => one.trim() !== '') ?? '';
  if (SESSIONS.includes(language)) {
    if (isCommand(ROOT.exec(first)?.[1])) return prompted(lines, line, ROOT);
    return isCommand(first) ? script(lines, line) : [];
  }
  return script(lines, line);
};

const isCommand = (text: string | undefined): boolean => COMMAND.test(text?.trim().split(/\s+/)[0] ?? '');

const prompted = (lines: readonly string[], first: number, prompt: RegExp): Exchange[] => {
  const found: {command: string; line: number; output: string[]; comment: string}[] = [];
  let comment = '';
  for (let at = 0; at < lines.length; at++) {
    const typed = prompt.exec(lines[at] ?? '')?.[1];
    if (typed?.startsWith('# ')) comment = typed.slice(2);
    else if (typed !== undefined) {
      const whole = completed(typed, lines, at);
      found.push({command: whole.text, line: first + at, output: [], comment});
      comment = '';
      at = whole.last;
    } else if (found.length > 0) found.at(-1)?.output.push(lines[at] ?? '');
  }
  return found.map((one) => ({...one, output: trimmed(one.output)}));
};

/** A block without prompts is typed line by line; what a shell reads as one stays together. */
const script = (lines: readonly string[], first: number): Exchange[] => {
  if (/^#!/.test(lines[0] ?? '')) return [{command: lines.join('\n'), line: first, output: [], comment: ''}];
  const found: Exchange[] = [];
  let comment: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const text = (lines[at] ?? '').trim();
    if (text === '') continue;
    if (text.startsWith('#')) {
      comment.push(text.replace(/^#+\s*/, ''));
      continue;
    }
    const whole = completed(text, lines, at);
    found.push({command: whole.text, line: first + at, output: [], comment: comment.join('\n')});
    comment = [];
    at = whole.last;
  }
  return found;
};

/** A command with the lines that belong to it; alone where they never come. */
const completed = (typed: string, lines: readonly string[], from: number): {text: string; last: number} => {
  let text = typed;
  let last = from;
  while (isOpen(text)) {
    if (++last >= lines.length) return {text: typed.replace(/\\$/, '').trimEnd(), last: from};
    text += `\n${(lines[last] ?? '').replace(/^> ?/, '')}`;
  }
  return {text: text.trimEnd(), last};
};

const trimmed = (output: readonly string[]): string[] => {
  const lines = output.map((line) => line.trimEnd());
  while (lines[0] === '') lines.shift();
  while (lines.at(-1) === '') lines.pop();
  return lines;
};
