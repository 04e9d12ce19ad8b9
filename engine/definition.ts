import type {Node} from './graph.ts';
import type {Json} from './step-type.ts';

const PROSE: readonly string[] = ['title', 'about'];
const PLAIN = /^[A-Za-z_/$][\w ./${}()[\],:=@+-]*$/;
// What YAML would read as something else than text
const SPECIAL = /^(?:true|false|null|yes|no|on|off|~)$|: |:$| $| #/i;

/**
 * A step as YAML in one fixed form, without its prose: two steps are the same if and only if these texts are.
 * @param left keys that are left out, too
 */
export const definitionOf = (step: Json, left: readonly string[] = []): string => {
  const entries = typeof step === 'object' && step !== null ? Object.entries(step) : [];
  const kept = entries.filter(([key]) => !PROSE.includes(key) && !left.includes(key));
  return block(Object.fromEntries(kept), '').slice(1, -1);
};

/** The same of a node: of the items that are written out, just its own. All of them, in the journal of each, are too many. */
export const definitionFor = ({step, item}: Pick<Node, 'step' | 'item'>): string =>
  item === undefined || step.foreach?.kind !== 'literal'
    ? step.definition
    : `${step.definition}\n${definitionOf({foreach: {[item.key]: item.value}})}`;

// A value as it stands behind `key:` or `-`, with the white space before it.
const block = (value: Json, indent: string): string => {
  if (typeof value === 'string' && value.includes('\n')) return literal(value, indent);
  if (typeof value !== 'object' || value === null) return ` ${scalar(value)}\n`;
  if (Array.isArray(value))
    return value.length === 0 ? ' []\n' : `\n${value.map((item) => `${indent}-${afterDash(item, indent)}`).join('')}`;
  const entries = Object.entries(value);
  return entries.length === 0 ? ' {}\n' : `\n${entries.map((entry) => pair(entry, indent)).join('')}`;
};

const pair = ([key, value]: [string, Json], indent: string): string =>
  `${indent}${scalar(key)}:${block(value, `${indent}  `)}`;

const afterDash = (value: Json, indent: string): string => block(value, `${indent}  `).replace(/^\n\s+/, ' ');

const literal = (text: string, indent: string): string => {
  if (/^[\s]|[^\S\n]$|\n\n$|[\u0000-\u0008\r\u000b-\u001f]/.test(text)) return ` ${JSON.stringify(text)}\n`;
  const lines = text.replace(/\n$/, '').split('\n');
  const body = lines.map((line) => (line === '' ? '' : `${indent}${line}`)).join('\n');
  return ` |${text.endsWith('\n') ? '' : '-'}\n${body}\n`;
};

const scalar = (value: null | boolean | number | string): string =>
  typeof value === 'string' && PLAIN.test(value) && !SPECIAL.test(value) ? value : JSON.stringify(value);
