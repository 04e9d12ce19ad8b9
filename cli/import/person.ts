import type {Mapped} from './mapped.ts';

const EDITORS = /^(sudo\s+)?(nano|vi|vim|nvim|emacs|gedit|pico|code|subl|notepad)\b/;
const FOREVER =
  /^(sudo\s+)?(top|htop|watch|less|more|man|screen|tmux|docker attach|docker stats(?!.*--no-stream)|kubectl port-forward|kubectl proxy|kubectl edit|minikube dashboard|tail\b.* -[a-zA-Z]*f|docker(-| )compose up(?!.*\s(-d|--detach))|npm start|npm run dev|python3? -m http\.server|journalctl\b.* -f|kubectl\b.*(\s-w|--watch))\b/;
const SHELL = /(^|\/)(sh|bash|ash|zsh|fish|python3?|node|irb|psql|mysql|mongo|mongosh|redis-cli|sqlite3)$/;

/** Why nobody but a person can do it: `session` when further lines are typed inside it. */
export type PersonOnly = 'editor' | 'forever' | 'session';

/** Why nobody but a person can do this, if so. */
export const personOnly = (text: string): PersonOnly | undefined => {
  if (EDITORS.test(text)) return 'editor';
  if (FOREVER.test(text)) return 'forever';
  const words = text.replace(/^sudo\s+/, '').split(/\s+/);
  const [program = '', verb] = words;
  const last = words.at(-1) ?? '';
  if (program === 'docker' && (verb === 'run' || verb === 'exec') && /\s-(?!d)[a-z]*t[a-z]*\b|--tty/.test(text))
    return /\s(-[a-z]*d[a-z]*|--detach)\b/.test(text) ||
      !(SHELL.test(last) || words.filter((word) => !word.startsWith('-')).length < 4)
      ? undefined
      : 'session';
  if (program === 'kubectl' && verb === 'exec' && / -\w*i/.test(text) && SHELL.test(last)) return 'session';
  if (program === 'docker-machine' && verb === 'ssh' && words.length === 3) return 'session';
  if (program === 'ssh' && words.filter((word) => !word.startsWith('-')).length === 2) return 'session';
  if (/^(su|telnet|ftp|sftp|passwd)$/.test(program) && words.length < 4) return 'session';
  if (/^(psql|mysql|mongo|mongosh|redis-cli|python3?|node|irb|bash|sqlite3)$/.test(program) && words.length === 1)
    return 'session';
  return undefined;
};

const TOLD: Readonly<Record<PersonOnly, string>> = {
  editor: 'an editor needs a person: a step file.write can do it, when the content is known',
  forever: 'it runs until it is stopped: who runs it, and where?',
  session: 'it is typed inside another program: could one command do it?',
};

/** A command as a step that a person does. */
export const byPerson = (text: string, why: PersonOnly): Mapped => {
  const plain = text.replace(/^sudo\s+/, '');
  return {
    uses: 'confirm',
    id: `type_${plain.split(/\s+/).slice(0, 2).join('_')}`,
    title: why === 'editor' ? `Edit ${plain.split(/\s+/).at(-1)}` : `Type ${plain}`,
    decide: [TOLD[why]],
  };
};

/** What that person is asked. */
export const questionOf = (text: string, why: PersonOnly): string =>
  `Type this in a terminal${why === 'forever' ? ' of its own' : ''}. Is it done?\n\n    ${text}\n`;
