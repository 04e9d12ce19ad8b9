/** The library's public face: parse, plan, run, resume, status, undo, with typed events. */

export {type Aftermath, aftermathOf} from './aftermath.ts';
export type {Approval, ResumePlan} from './approve.ts';
export {type AuditReport, type AuditRequest, auditRun, type Sought} from './audit.ts';
export type {Unread} from './audit-files.ts';
export type {Leak} from './audit-search.ts';
export type {MissingSecret} from './audit-secrets.ts';
export {
  type Cleaned,
  type CleanPlan,
  type CleanRequest,
  type Consent,
  cleanUp,
  findOwned,
  type OwnedReport,
  planClean,
} from './clean.ts';
export type {Fate, Judged, Why} from './clean-plan.ts';
export {
  type DescribedCheck,
  type DescribedInput,
  type DescribedStep,
  type Description,
  describeRunbook,
} from './describe.ts';
export {type BadDuration, formatDuration, parseDuration} from './duration.ts';
export type {Entry, Stamped, StepRecord} from './entries.ts';
export type {ExitCode, Place, Problem} from './errors.ts';
export {CODES, type Code, EXIT, messageOf, RunbookError} from './errors.ts';
export type {
  Course,
  Event,
  How,
  Look,
  Outcome,
  ResumeStep,
  SkipReason,
  Standing,
  StepInfo,
  UndoStep,
} from './events.ts';
export {type Followed, followRun} from './follow.ts';
export {type Foretold, foretell} from './foretell.ts';
export {inputVariable} from './given.ts';
export {findRun, listRuns, readEntries, unfinishedRun} from './history.ts';
export type {Doubt, DoubtAnswer, Hider, Host, Moment} from './host.ts';
export {interruptible, TookTooLong} from './interruptible.ts';
export {runbookSchema, stepTypeSchema} from './json-schema.ts';
export {stepsRunning} from './leftovers.ts';
export {
  byHand,
  type Doer,
  type LearnerSays,
  type Lesson,
  type StepChoice,
  type Stepper,
  stepByStep,
  type Teacher,
} from './lesson.ts';
export {type LoadOptions, loadRunbook, validateFile} from './load.ts';
export type {Maker} from './makers.ts';
export {nearest, suggest} from './nearest.ts';
export {lookAtStep, type StepLook, type StepRequest} from './one-step.ts';
export type {Found, Unseen} from './owned.ts';
export {type Decision, type Plan, type PlannedStep, planRun} from './plan.ts';
export {planResume} from './plan-resume.ts';
export type {Printed} from './printed.ts';
export {
  type KeptBecause,
  type KeptRun,
  PRUNED_AGE_MS,
  PRUNED_KEEP,
  type Pruned,
  type PrunePlan,
  planPrune,
  pruneRuns,
} from './prune.ts';
export type {Removal} from './remove-owned.ts';
export {type ReportedStep, type RunReport, reportOf, reportOfFile} from './report.ts';
export {resumeRun} from './resume.ts';
export type {ResumeRequest} from './resume-request.ts';
export {type RunRequest, type RunResult, startRun} from './run.ts';
export {type Ending, type LoggedStep, type RunLog, readLog, readRunLog} from './run-log.ts';
export {RUN_STATES, type RunFilter, type RunStanding, type RunSummary} from './run-summary.ts';
export type {Action, Input, Runbook, Step} from './runbook.ts';
export {type ScriptRequest, type ShellScript, shellScript} from './script/script.ts';
export {quote} from './sh.ts';
export {type StatusReport, type StepStatus, statusOf} from './status.ts';
export {placeOfStep, type StepPlace} from './step-place.ts';
export * from './step-type.ts';
export {planUndo, type UndoPlan, type UndoRequest, type UndoResult, undoRun} from './undo.ts';
