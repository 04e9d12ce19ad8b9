/** The library's public face: parse, plan, run, resume, status, undo, with typed events. */
export type {ExitCode, Place, Problem} from './errors.ts';
export {CODES, type Code, EXIT, messageOf, RunbookError} from './errors.ts';
export type {Event, How, Look, Outcome, SkipReason, Standing, StepInfo, UndoStep} from './events.ts';
export type {Host} from './host.ts';
export type {Action, Input, Runbook, Step} from './runbook.ts';
export * from './step-type.ts';
