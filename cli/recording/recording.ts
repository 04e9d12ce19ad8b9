import type {Description, ReportedStep, RunReport} from '../../engine/index.ts';
import {type Known, Normaliser} from './normaliser.ts';

/** One run of a runbook, made to be read. */
export interface Recording {
  readonly report: RunReport;
  readonly description: Description;
  /** The tools that the page shows, each with its version: `docker 28.2.2`. */
  readonly tools: readonly string[];
  readonly origin: Origin;
}

/** All that is needed to make a page again. */
export interface Origin {
  /** As typed. */
  readonly runbook: string;
  readonly set: Readonly<Record<string, string>>;
  /** The runbooks that were run before on the same engine, in their order. */
  readonly after: readonly {readonly runbook: string; readonly set: Readonly<Record<string, string>>}[];
}

/** The same run with names that stay in the place of what is another in each run. */
export const normalised = (report: RunReport, known: Known): RunReport => {
  const normaliser = new Normaliser(known);
  return {...report, steps: report.steps.map((step) => normalisedStep(step, normaliser))};
};

const normalisedStep = (step: ReportedStep, normaliser: Normaliser): ReportedStep => {
  const output = normaliser.output(step.output);
  return {
    ...step,
    command: normaliser.command(step.command),
    output,
    checks: step.checks.map((check) => ({
      ...check,
      ...(check.command === undefined ? {} : {command: normaliser.command(check.command)}),
    })),
    evidence: step.evidence.map((line) => normaliser.line(line)),
    values: Object.fromEntries(Object.entries(step.values).map(([name, value]) => [name, normaliser.line(value)])),
  };
};
