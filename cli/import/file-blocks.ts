import {fileStep} from './command.ts';
import {isShell} from './console.ts';
import type {Block} from './document.ts';
import type {Mapped} from './mapped.ts';

const MAKES = /\b(create|creat(?:e|ing)|save|write|make|put|named|called|new file|following content)/i;
const CHANGES =
  /\b(append|add (the following|this|these)|edit|modify|change|replace|find the line|insert|uncomment)\b/i;
const NAME = /`([~\w./-]*\.?[\w-]+(?:\.[\w-]+)*)`/g;
const PLAIN =
  /(?<![\w/.-])((?:[\w-]+\/)*[\w-]+\.(?:ya?ml|json|conf|cfg|ini|toml|txt|html?|css|js|ts|py|rb|go|sh|env|xml|sql|properties|service|tf|hcl|md))\b/g;
const BARE = /^(Dockerfile|Makefile|Vagrantfile|Procfile|Jenkinsfile|Caddyfile|\.[a-z][\w.-]+)$/;

/** The file that a block shows whole, where the sentence before it, or its own first words, say so. */
export const fileOf = (
  block: Extract<Block, {kind: 'code'}>,
  before: string,
): {readonly path: string; readonly mapping: Mapped; readonly decide: readonly string[]} | undefined => {
  const titled = /(?:title|filename|file|name)=["']?([^"'\s}]+)/.exec(block.info)?.[1];
  if (titled === undefined && isShell(block.language) && block.language !== '') return undefined;
  const path = titled ?? named(before);
  if (path === undefined || path.startsWith('~')) return undefined;
  const mapping = fileStep(path, block.text) as Mapped;
  const absolute = path.startsWith('/') ? ['it writes outside the runbook’s folder: may you?'] : [];
  return {path, mapping, decide: absolute};
};

const named = (before: string): string | undefined => {
  const sentence = before.split('\n\n').at(-1) ?? '';
  if (!MAKES.test(sentence) || CHANGES.test(sentence) || before.includes('```')) return undefined;
  const coded = [...sentence.matchAll(NAME)]
    .map((match) => match[1] ?? '')
    .filter((one) => /\.\w+$/.test(one) || BARE.test(one));
  const plain = [...sentence.matchAll(PLAIN)].map((match) => match[1] ?? '');
  const bare = sentence.match(/\b(Dockerfile|Makefile|Vagrantfile|Procfile|Caddyfile)\b/g) ?? [];
  const all = [...new Set([...coded, ...plain, ...bare])].filter(
    (one, _, list) => !list.some((other) => other !== one && other.endsWith(`/${one}`)),
  );
  return all.length === 1 ? all[0] : undefined;
};
