import type {Node} from './graph.ts';
import {type Output, printsSecret} from './live-output.ts';
import {checkExpect, type Finding, hasCheck, LOOK_LIMIT_MS, lookAt} from './look.ts';
import type {Watch} from './overdue.ts';
import {checkFailed} from './problems.ts';
import type {Rendered} from './render.ts';
import {contextOf, type Session, tell} from './session.ts';
import type {Json} from './step-type.ts';
import {waitFor} from './wait.ts';

type Outputs = Readonly<Record<string, Json>>;

/** A step whose checks are to hold. */
export interface Proving {
  readonly session: Session;
  readonly node: Node;
  readonly signal: AbortSignal;
  readonly output: Output;
  readonly watch: Watch;
}

/** How many characters of one repeated look are shown. */
const LONGEST_LOOK = 1_000_000;

/**
 * Looks until the checks hold, or `within` has passed.
 * @param made what `run` has just returned
 * @throws what a check has found instead
 */
export const prove = async (
  proving: Proving,
  rendered: Rendered,
  made: Outputs | undefined,
): Promise<Finding & {ok: true}> => {
  const {session, node, signal} = proving;
  if (made !== undefined) checkResult(session, node, rendered, made);
  if (made !== undefined && !hasCheck(node)) return {ok: true, outputs: made, evidence: []};
  const withinMs = longestWithin(node);
  const print = printing(proving, withinMs);
  const {type, options, site} = rendered;
  proving.watch.begin('within', Math.max(withinMs, LOOK_LIMIT_MS));
  const finding = await waitFor<Finding>({
    withinMs,
    signal,
    look: () => lookAt(session, node, rendered, {signal, known: made ?? {}, output: print.fresh()}),
    settles: (found) => found.ok || found.final === true,
    ...(type.changes === undefined
      ? {}
      : {
          changes: (until) =>
            type.changes?.(options, contextOf(session, site, node.key, {attempt: 0, signal: until})) ?? none(),
        }),
    onWaiting: (found, elapsedMs) => tellWaiting(session, node, found, {elapsedMs, withinMs}),
  });
  print.last();
  if (finding.ok) return finding;
  if (finding.error !== undefined && withinMs === 0) throw finding.error;
  throw checkFailed(finding.expected, finding.found, finding.final === true ? 0 : withinMs);
};

/** A further check may be given more time than the step's own. */
const longestWithin = ({step: {withinMs, verify}}: Node): number =>
  Math.max(withinMs, ...verify.map((action) => action.withinMs ?? 0));

/** What a reading step prints: live when it looks once; of looks that are repeated, only the last one counts. */
const printing = ({node, output}: Proving, withinMs: number): {fresh(): (text: string) => void; last(): void} => {
  if (node.step.effect !== 'reads') return {fresh: () => () => {}, last: () => {}};
  if (withinMs === 0) return {fresh: () => output.write, last: () => {}};
  let printed = '';
  return {
    fresh: () => {
      printed = '';
      return (text) => {
        printed = endOf(printed + text);
      };
    },
    last: () => output.write(printed),
  };
};

/** From the beginning of a line on: half a secret would not be known as one. */
const endOf = (text: string): string => {
  if (text.length <= LONGEST_LOOK) return text;
  const end = text.slice(-LONGEST_LOOK);
  return end.slice(end.indexOf('\n') + 1);
};

/** The `expect` of a step that can't be looked at again speaks of what it has just returned. */
const checkResult = (session: Session, node: Node, {type}: Rendered, made: Outputs): void => {
  if (type.verify !== undefined) return;
  const checked = checkExpect(session, node.step.expect, session.scopes.valuesOf(node, 'real', made));
  if (!checked.ok) throw checkFailed(checked.expected, checked.found, 0);
};

const tellWaiting = (
  session: Session,
  node: Node,
  found: Finding,
  time: {readonly elapsedMs: number; readonly withinMs: number},
): void => {
  if (found.ok) return;
  const seen = printsSecret(node) ? 'not shown: this step reads a secret' : found.found;
  tell(session, {type: 'step-waiting', step: node.key, expected: found.expected, found: seen, ...time});
};

async function* none(): AsyncIterable<unknown> {}
