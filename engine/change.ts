import {structuredPatch} from 'diff';
import type {StepRecord} from './entries.ts';
import type {Look} from './events.ts';
import type {Node} from './graph.ts';
import {hasCheck} from './look.ts';
import {type Rendered, renderStep} from './render.ts';
import type {Session} from './session.ts';
import {variable} from './sh.ts';

/** Why a step would act otherwise than it did: its text is another one, or a value that it was given. */
export type Change = Pick<Look, 'detail' | 'diff'> & {readonly standing: 'edited' | 'input-changed'};

/** How a step would act otherwise than it did; undefined when it would not, or when that can't be told yet. */
export const changeOf = (session: Session, node: Node, before: StepRecord | undefined): Change | undefined => {
  if (before === undefined) return undefined;
  const rendered = tryRender(session, node);
  // It reads a step that is to be done again: the walk compares when that one has finished.
  return rendered === undefined ? undefined : changeBetween(session, before, rendered.record, node);
};

/** The step with the values of now; undefined where one of them is not known yet. */
export const tryRender = (session: Session, node: Node): Rendered | undefined => {
  try {
    return renderStep(node, session.scopes, session.cwd, (secret) => session.store.fingerprint(secret));
  } catch {
    return undefined;
  }
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What an edit or another value makes of a step that was done as `before` says. */
export const changeBetween = (
  session: Session,
  journaled: StepRecord,
  rendered: StepRecord,
  node: Node,
): Change | undefined => {
  // What was journaled is masked, by the secrets that were known then.
  const [before, now] = session.redactor.json([journaled, rendered] as never) as [StepRecord, StepRecord];
  const acts = !same(
    [before.uses, before.options, before.on, before.secrets],
    [now.uses, now.options, now.on, now.secrets],
  );
  // An expect that can't be looked at again was proven for the old text only.
  const expects = before.expect !== now.expect && !hasCheck(node);
  if (!acts && !expects) return undefined;
  const values = valuesThatChanged(before, now).join('\n');
  if (before.definition === now.definition)
    return {standing: 'input-changed', detail: values === '' ? 'its options have other values' : values};
  const diff = diffOf(before.definition, now.definition);
  return {standing: 'edited', diff, ...(values === '' ? {} : {detail: values})};
};

/** `inputs.servers: 3 -> 5`; of a secret just its name. Only what was read then and is read now can have changed. */
const valuesThatChanged = (before: StepRecord, now: StepRecord): string[] => {
  const open = Object.keys(now.reads).filter((name) => now.reads[name] !== (before.reads[name] ?? now.reads[name]));
  const secrets = Object.keys(now.secrets).filter(
    (name) => now.derived?.[name] === undefined && now.secrets[name] !== (before.secrets[name] ?? now.secrets[name]),
  );
  return [
    ...open.map((name) => `${name}: ${before.reads[name]} -> ${now.reads[name]}`),
    ...secrets.map((name) => `${nameOfSecret(name, now)}: a secret, another one now`),
  ];
};

/** As it is written in the file, where it is read as it is. */
const nameOfSecret = (name: string, {reads}: StepRecord): string => {
  const [read] = Object.entries(reads).find(([, value]) => value.includes(variable(name))) ?? [];
  return read ?? name;
};

const CONTEXT_LINES = 2;
/** Where more differs, nobody compares line by line. */
const MOST_EDITS = 2000;

const marked = (mark: string, text: string): string[] => text.split('\n').map((line) => mark + line);

/** The lines of a step that differ, with some around them: old ones begin with `-`, new ones with `+`, others with a blank. */
export const diffOf = (before: string, now: string): string => {
  const options = {context: CONTEXT_LINES, maxEditLength: MOST_EDITS};
  const patch = structuredPatch('', '', before, now, undefined, undefined, options);
  if (patch === undefined) return [...marked('-', before), ...marked('+', now)].join('\n');
  return patch.hunks.map(({lines}) => lines.filter((line) => !line.startsWith('\\')).join('\n')).join('\n ...\n');
};
