import {inDoubtDetail} from './assess.ts';
import {messageOf, RunbookError} from './errors.ts';
import type {Look} from './events.ts';
import {journaledExpression, neighbours, valuesByJournal, type Written, writtenIn} from './journal-values.ts';
import {callOf} from './journaled-call.ts';
import {bounded, checkExpect, type Finding} from './look.ts';
import type {Call} from './render.ts';
import {contextOf, type Session} from './session.ts';
import type {RunState, StepState} from './state.ts';
import type {Json} from './step-type.ts';

type Outputs = Readonly<Record<string, Json>>;
type Recorded = StepState & {readonly record: NonNullable<StepState['record']>};

const isRecorded = (state: StepState): state is Recorded => state.record !== undefined;

/** How a step stands, without the runbook's file: looked at with its journaled options. Changes nothing. */
export const lookByJournal = async (session: Session, state: StepState, signal: AbortSignal): Promise<Look> => {
  const {key: step, status} = state;
  switch (status) {
    case 'undone':
    case 'skipped':
      return {step, standing: status};
    case 'reopened':
      return {step, standing: 'pending'};
    case 'failed':
      return {step, standing: 'failed', ...(state.problem && {detail: state.problem.message})};
    case 'in-doubt':
      return {step, standing: 'in-doubt', ...(await lookInDoubt(session, state, signal))};
    case 'checkpointed':
      return {step, ...(await lookFinished(session, state, signal))};
  }
};

const lookInDoubt = async (session: Session, state: StepState, signal: AbortSignal): Promise<Partial<Look>> => {
  if (!isRecorded(state)) return {};
  const isRead = state.record.effect === 'reads';
  return inDoubtDetail(isRead, isRead ? undefined : await findByJournal(session, state, signal), true);
};

const lookFinished = async (session: Session, state: StepState, signal: AbortSignal): Promise<Omit<Look, 'step'>> => {
  if (state.how === 'accepted')
    return {standing: 'accepted', ...(state.acceptedBecause === undefined ? {} : {detail: state.acceptedBecause})};
  if (!isRecorded(state)) return {standing: 'no-check'};
  const written = writtenIn(state.record.definition);
  if (session.state !== undefined && isSuperseded(session.state, state.key, written)) return {standing: 'superseded'};
  const finding = await findByJournal(session, state, signal);
  const left = written.hasChecks ? {detail: 'only its own check was asked: those under verify: stand in the file'} : {};
  if (finding === undefined) return {standing: 'no-check', ...left};
  if (finding.ok) return {standing: 'holds', ...left};
  return {standing: 'drifted', expected: finding.expected, found: finding.found};
};

const isSuperseded = (state: RunState, key: string, {until}: Written): boolean =>
  until !== undefined && neighbours(state, key, until).some(({status}) => status !== 'skipped' && status !== 'undone');

/** Undefined where it has no check that can be asked without the file. */
const findByJournal = async (session: Session, state: Recorded, signal: AbortSignal): Promise<Finding | undefined> => {
  const type = session.registry.get(state.record.uses);
  const isRead = state.record.effect === 'reads';
  if (type === undefined || (!isRead && type.verify === undefined)) return undefined;
  try {
    const call = await callOf(session, state.key, state.record);
    return await bounded(signal, (limited) => look(session, state, call, limited));
  } catch (error) {
    signal.throwIfAborted();
    // What its expect reads is not in the journal: nothing can be said of it.
    if (error instanceof RunbookError && UNTOLD.has(error.code)) return undefined;
    return {ok: false, expected: 'an answer', found: messageOf(error), error};
  }
};

const UNTOLD: ReadonlySet<string> = new Set([
  'expression-failed',
  'bad-expression',
  'unknown-variable',
  'input-missing',
]);

const look = async (session: Session, state: Recorded, call: Call, signal: AbortSignal): Promise<Finding> => {
  const {type, options, site} = call;
  const context = contextOf(session, site, state.key, {attempt: 0, signal});
  const verdict =
    state.record.effect === 'reads'
      ? ({ok: true, outputs: (await type.run(options, context)) as Json} as const)
      : await type.verify?.(options, context);
  if (verdict === undefined || !verdict.ok) return verdict ?? {ok: true, outputs: {}, evidence: []};
  const outputs = verdict.outputs as Outputs;
  learnSecrets(session, state, type.secretOutputs ?? [], outputs);
  const {expect} = state.record;
  const {file} = session.runbook;
  const values = session.state === undefined ? {} : valuesByJournal(session.state, state.key, outputs);
  const checked = checkExpect(session, expect === undefined ? undefined : journaledExpression(expect, file), values);
  return checked.ok ? {ok: true, outputs, evidence: checked.evidence} : checked;
};

/** An expect that does not hold shows the values that decided: those that are secrets are masked from here on. */
const learnSecrets = (session: Session, state: Recorded, own: readonly string[], outputs: Outputs): void => {
  for (const name of own) session.redactor.addAll(outputs[name] ?? null);
  if (session.state === undefined) return;
  const values = valuesByJournal(session.state, state.key, outputs);
  for (const source of writtenIn(state.record.definition).secrets) {
    try {
      const value = journaledExpression(source, session.runbook.file).evaluate(values);
      session.redactor.addAll(value as Json);
    } catch {
      // It reads what this look has not found.
    }
  }
};
