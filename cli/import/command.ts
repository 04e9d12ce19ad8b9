import {docker} from './docker.ts';
import {machine} from './machine.ts';
import type {Mapping} from './mapped.ts';
import {isReading} from './reading.ts';
import {consul, curl, dig} from './requests.ts';
import {hereDocument, pipeParts, wordsOf} from './shell-words.ts';
import {compose} from './swarm.ts';

/** What a command takes from around it. */
export interface Setting {
  /** What its Compose project is called where the line does not say. */
  readonly project: string;
  readonly composeFile: string;
  /** After a `cd`: what a script writes there is not beside the runbook. */
  readonly inFolder: boolean;
}

const MAKES_READABLE = /^(python3?(\.\d+)? -m json\.tool|jq( \.| '\.')?|json_pp|cat)$/;

/** A command line as a step of its type; undefined where only a shell does the same. */
export const mapCommand = (text: string, setting: Setting): Mapping => {
  const written = setting.inFolder ? undefined : writtenFile(text);
  if (written !== undefined) return written;
  const [first = '', ...filters] = pipeParts(text);
  const ssh = /^docker-machine\s+ssh\s+([\w.-]+)\s+([\s\S]+)$/.exec(text);
  if (ssh !== null && filters.length > 0) return onMachine(ssh[1] ?? '', ssh[2] ?? '');
  if (filters.length > 0 && !(first.startsWith('curl') && filters.every((one) => MAKES_READABLE.test(one))))
    return undefined;
  const words = wordsOf(hereIs(first));
  if (words === undefined) return undefined;
  const [program, ...rest] = words;
  const mapping = mapWords(program ?? '', rest, setting);
  return mapping !== undefined && 'uses' in mapping && ['docker.exec', 'machine.ssh'].includes(mapping.uses)
    ? {...mapping, ...effectOf(mapping.with?.command)}
    : mapping;
};

const mapWords = (program: string, words: readonly string[], setting: Setting): Mapping => {
  switch (program) {
    case 'docker':
      if (words[0] === 'compose') return compose(words.slice(1), setting.project, setting.composeFile);
      return docker(words);
    case 'docker-compose':
      return compose(words, setting.project, setting.composeFile);
    case 'docker-machine':
      return machine(words);
    case 'curl':
      return curl(words);
    case 'dig':
      return dig(words);
    case 'consul':
      return consul(words);
    default:
      return undefined;
  }
};

const effectOf = (command: unknown): {effect?: 'reads'} =>
  Array.isArray(command) && isReading(command.join(' ')) ? {effect: 'reads'} : {};

const onMachine = (name: string, script: string): Mapping => ({
  uses: 'machine.ssh',
  id: `${name}_${script.split(/\s/)[0]}`,
  title: `Run ${script.split(/\s/)[0]} on ${name}`,
  with: {name, driver: 'docker-machine', command: ['sh', '-c', script]},
  ...(isReading(script) ? {effect: 'reads'} : {}),
});

/** In options a path starts at the runbook's file, so the working directory needs no name. */
const hereIs = (text: string): string =>
  /^docker\b/.test(text) ? text.replace(/\$\(pwd\)|`pwd`|\$\{PWD\}|\$PWD\b/g, '.').replaceAll('"."', '.') : text;

/** `cat > FILE <<EOF` */
const writtenFile = (text: string): Mapping => {
  const here = hereDocument(text);
  if (here === undefined || !here.closed) return undefined;
  const {head, body, quoted} = here;
  const path = /^cat\s+(?:>\s*([^\s<>|&;$~]+)\s*<<\S*\s*\S+|<<-?\s*\S+\s*>\s*([^\s<>|&;$~]+))\s*$/.exec(head);
  const name = path?.[1] ?? path?.[2];
  if (name === undefined || (!quoted && /[$`\\]/.test(body))) return undefined;
  return fileStep(name.replace(/^["']|["']$/g, ''), `${body}\n`);
};

/** A file with its whole content. */
export const fileStep = (path: string, content: string): Extract<Mapping, {uses: string}> => ({
  uses: 'file.write',
  id: `write_${path.split('/').at(-1)}`,
  title: `Write ${path}`,
  value: 'path',
  with: {path, content},
});
