/** The exit codes of the command line; DESIGN.md section 6. */
export const EXIT = {done: 0, failed: 1, usage: 2, missing: 3, drift: 4, held: 5, interrupted: 130} as const;
export type ExitCode = number;

/** A place in a runbook's file; line and column start at 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong, in the four parts of an error: where, what, evidence, next. */
export interface Problem {
  readonly code: Code;
  readonly message: string;
  readonly place?: Place;
  /** The line of the file with a marker under the place; several lines. */
  readonly excerpt?: string;
  readonly expected?: string;
  readonly found?: string;
  /** The command, ready to paste. */
  readonly ran?: string;
  /** The last lines that it printed, masked. */
  readonly output?: readonly string[];
  /** What to type or change; one entry a line. */
  readonly next?: readonly string[];
}

/** Every code that an error of ours can carry, with the exit code it leads to. Documented in the README; stable. */
export const CODES = {
  // the runbook
  'no-such-runbook': EXIT.usage,
  'not-a-file': EXIT.usage,
  'file-unreadable': EXIT.usage,
  'file-too-large': EXIT.usage,
  'bad-encoding': EXIT.usage,
  'empty-runbook': EXIT.usage,
  'yaml-syntax': EXIT.usage,
  'duplicate-key': EXIT.usage,
  'alias-bomb': EXIT.usage,
  'unknown-key': EXIT.usage,
  'missing-key': EXIT.usage,
  'wrong-type': EXIT.usage,
  'bad-value': EXIT.usage,
  'bad-duration': EXIT.usage,
  'bad-id': EXIT.usage,
  'duplicate-id': EXIT.usage,
  'unknown-step-type': EXIT.usage,
  'unknown-option': EXIT.usage,
  'unknown-input': EXIT.usage,
  'unknown-step': EXIT.usage,
  'unknown-output': EXIT.usage,
  'unknown-variable': EXIT.usage,
  'unknown-requirement': EXIT.usage,
  'not-before': EXIT.usage,
  cycle: EXIT.usage,
  'bad-expression': EXIT.usage,
  'bad-template': EXIT.usage,
  'bad-combination': EXIT.usage,
  'secret-in-argv': EXIT.usage,
  // what the operator gives
  usage: EXIT.usage,
  'input-missing': EXIT.usage,
  'input-invalid': EXIT.usage,
  'env-file': EXIT.usage,
  'no-such-run': EXIT.usage,
  'nothing-to-resume': EXIT.usage,
  'no-working-directory': EXIT.usage,
  'plan-changed': EXIT.usage,
  'nothing-to-import': EXIT.usage,
  'file-exists': EXIT.usage,
  // the state directory
  'state-unwritable': EXIT.missing,
  'state-version': EXIT.usage,
  'state-damaged': EXIT.usage,
  'journal-damaged': EXIT.usage,
  'run-held': EXIT.held,
  // the run
  'requirement-missing': EXIT.missing,
  'step-failed': EXIT.failed,
  'check-failed': EXIT.failed,
  'timed-out': EXIT.failed,
  'expression-failed': EXIT.failed,
  'in-doubt': EXIT.failed,
  'needs-answer': EXIT.failed,
  'no-terminal': EXIT.failed,
  'undo-failed': EXIT.failed,
  'clean-failed': EXIT.failed,
  drift: EXIT.drift,
  'page-differs': EXIT.drift,
  interrupted: EXIT.interrupted,
  // the outside
  'docker-unreachable': EXIT.failed,
  'docker-denied': EXIT.failed,
  'image-not-found': EXIT.failed,
  'registry-unreachable': EXIT.failed,
  'name-taken': EXIT.failed,
  'port-taken': EXIT.failed,
  'no-such-container': EXIT.failed,
  'not-a-manager': EXIT.failed,
  'wrong-swarm': EXIT.failed,
  'command-failed': EXIT.failed,
  'consul-unreachable': EXIT.failed,
  'http-failed': EXIT.failed,
  'dns-failed': EXIT.failed,
  'file-failed': EXIT.failed,
  'out-of-resources': EXIT.failed,
  'output-unwritable': EXIT.failed,
  internal: EXIT.failed,
} as const satisfies Record<string, number>;

export type Code = keyof typeof CODES;

export const isCode = (text: string): text is Code => Object.hasOwn(CODES, text);

/** An error for a person: one problem or several, never a stack trace. */
export class RunbookError extends Error {
  override readonly name = 'RunbookError';
  readonly problems: readonly [Problem, ...Problem[]];

  constructor(problems: Problem | readonly [Problem, ...Problem[]], cause?: unknown) {
    const list = 'code' in problems ? ([problems] as const) : problems;
    super(list.map((problem) => problem.message).join('\n'), cause === undefined ? undefined : {cause});
    this.problems = list;
  }

  get code(): Code {
    return this.problems[0].code;
  }

  get exitCode(): ExitCode {
    return CODES[this.code];
  }
}

/** The text of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
