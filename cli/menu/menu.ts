import type {Place, ResumeRequest, RunbookError, StepPlace, StepRequest} from '../../engine/index.ts';
import type {Call} from '../command.ts';
import {takeBack} from '../commands/undo.ts';
import type {Gone} from '../conduct.ts';
import {openDesk} from '../host.ts';
import {labelled, nextSteps, placeText, reportProblems} from '../report.ts';
import {settingsOf} from '../settings.ts';
import {codeOfSignal} from '../signals.ts';
import {plain} from '../streams.ts';
import type {Workshop} from '../workshop.ts';
import {choicesFor, type What} from './choices.ts';
import {edit} from './editor.ts';
import {pick} from './pick.ts';
import {askText} from './reason.ts';
import {shellBeside, shellInside} from './shell.ts';

type Host = Parameters<Workshop['engine']['startRun']>[1];
type Failure = Gone['result']['failures'][number];

/** How a menu ends: another go at the run has ended, or the program is left with this code. */
type Answer = Gone | number;

/** Asks what to do about failed steps, and does it, until the run is to go on or to be left. Holds no lock meanwhile. */
export class FailureMenu {
  readonly #call: Call;
  readonly #workshop: Workshop;
  readonly #failed: Gone;
  readonly #resume: (chosen: Partial<ResumeRequest>) => Promise<Gone>;
  readonly #holding = new Set<string>();
  #first: What = 'retry';
  /** Where to edit: the failed step, or what is wrong with the file since. */
  #broken: Place | undefined;

  constructor(call: Call, workshop: Workshop, failed: Gone, resume: (chosen: Partial<ResumeRequest>) => Promise<Gone>) {
    const {around} = call;
    this.#call = call;
    this.#workshop = workshop;
    this.#failed = failed;
    this.#resume = (chosen) => {
      around.stderr.write('\n');
      return resume(chosen);
    };
  }

  async ask(): Promise<Answer> {
    for (;;) {
      const what = await this.#pickWhat();
      const answer = await this.#do(what).catch((error: unknown) => this.#tellError(error));
      if (answer !== undefined) return answer;
    }
  }

  async #pickWhat(): Promise<What> {
    const {around, errStyle: style} = this.#call;
    const {failures} = this.#failed.result;
    const [only] = failures;
    const names = failures.map(({step}) => step).join(', ');
    const question =
      failures.length === 1
        ? `step "${only?.step}" failed. What now?`
        : `${failures.length} steps failed: ${names}. What now?`;
    const situation = {
      holding: [...this.#holding],
      place: this.#broken ?? (failures.length === 1 ? only?.problem.place : undefined),
      inside: this.#enterable()[0]?.what,
      env: around.env,
    };
    around.stderr.write('\n');
    const first = this.#first;
    this.#first = 'retry';
    return (await pick({around, style, question, choices: choicesFor(situation), first, none: 'quit'})) ?? 'quit';
  }

  readonly #acts: Readonly<Record<What, () => Promise<Answer | undefined>>> = {
    'go on': () => this.#resume({adopt: [...this.#holding]}),
    retry: () => this.#resume({}),
    edit: () => this.#edit(),
    shell: () => this.#shell(),
    inside: () => this.#inside(),
    verify: () => this.#verify(),
    accept: () => this.#accept(),
    undo: () => this.#undo(),
    quit: async () => this.#quit(),
  };

  async #do(what: What): Promise<Answer | undefined> {
    return await this.#acts[what]();
  }

  #tellError(error: unknown): undefined {
    const {engine} = this.#workshop;
    const {around, report} = this.#call;
    // Whatever it was doing was stopped; the menu is left for that.
    if (around.signal.aborted) return;
    if (!(error instanceof engine.RunbookError)) throw error;
    around.stderr.write(`\n${reportProblems(error.problems, report)}`);
  }

  #quit(): number {
    const {around, report} = this.#call;
    this.#call.tell(nextSteps(`go on with: ${this.#failed.result.resume}`, report));
    const {signal} = around;
    return signal.aborted ? codeOfSignal(signal.reason) : this.#workshop.engine.EXIT.failed;
  }

  /** One step that a choice is about; asks where several have failed. Undefined when the person thinks better of it. */
  async #whichStep(among: readonly Failure[] = this.#failed.result.failures): Promise<Failure | undefined> {
    const [first, ...more] = among;
    if (more.length === 0) return first;
    const {around, errStyle: style} = this.#call;
    const choices = among.map(({step, problem}, index) => ({
      name: `${index + 1} ${step}`,
      hint: problem.message.replace(/^step "[^"]*" \([^)]*\) failed: /, ''),
      help: problem.message,
    }));
    const name = await pick({around, style, question: 'which step?', choices, none: 'none', follows: true});
    return among[choices.findIndex((choice) => choice.name === name)];
  }

  async #edit(): Promise<Answer | undefined> {
    const {around} = this.#call;
    const {file} = this.#failed;
    const failure = this.#broken === undefined ? await this.#whichStep() : undefined;
    if (this.#broken === undefined && failure === undefined) return undefined;
    const place = this.#broken ?? failure?.problem.place ?? {file, line: 1, column: 1};
    const edited = await edit(around, place);
    if (typeof edited === 'object') {
      this.#call.tell([`${edited.failed}; nothing was retried`]);
      return undefined;
    }
    if (edited === 'unchanged' && this.#broken === undefined) {
      this.#call.tell([`${placeText(place, around.cwd)} was left as it is; nothing was retried`]);
      return undefined;
    }
    return (await this.#isValid()) ? await this.#resume({}) : undefined;
  }

  async #isValid(): Promise<boolean> {
    try {
      await this.#workshop.load(this.#failed.file);
      this.#broken = undefined;
      return true;
    } catch (error) {
      this.#tellError(error);
      this.#broken = (error as Partial<RunbookError>).problems?.[0].place;
      this.#first = 'edit';
      return false;
    }
  }

  #enterable(): (Failure & {what: string})[] {
    const {result, uses} = this.#failed;
    return result.failures.flatMap((failure) => {
      const what = this.#workshop.registry.get(uses.get(failure.step) ?? '')?.enter?.what;
      return what === undefined ? [] : [{...failure, what}];
    });
  }

  async #shell(): Promise<undefined> {
    const place = await this.#placeOf(await this.#whichStep());
    if (place !== undefined) await shellBeside(this.#call, place);
  }

  async #inside(): Promise<undefined> {
    const place = await this.#placeOf(await this.#whichStep(this.#enterable()));
    if (place !== undefined) await shellInside(this.#call, place);
  }

  async #placeOf(failure: Failure | undefined): Promise<StepPlace | undefined> {
    if (failure === undefined) return undefined;
    return await this.#looking(failure, (request, host) => this.#workshop.engine.placeOfStep(request, host));
  }

  /** For what asks the world about one step, and may need a secret for it. */
  async #looking<T>({step}: Failure, act: (request: StepRequest, host: Host) => Promise<T>): Promise<T> {
    const {registry, load} = this.#workshop;
    const {run} = this.#failed.result;
    const {host, prompter, close} = await openDesk(this.#call, this.#workshop, {yes: false});
    const askSecret = rememberingAll(prompter.askSecret, this.#failed.secrets);
    try {
      const request = {run, step, registry, load, ...settingsOf(this.#call)};
      return await act(request, {...host, askSecret, emit: () => {}});
    } finally {
      await close();
    }
  }

  async #verify(): Promise<undefined> {
    const failure = await this.#whichStep();
    if (failure === undefined) return;
    const {step} = failure;
    const look = await this.#looking(failure, (request, host) => this.#workshop.engine.lookAtStep(request, host));
    const {errStyle: style} = this.#call;
    this.#holding.delete(step);
    if (look.standing === 'no-check')
      this.#call.tell([`${style('yellow', '-')} step "${step}" has no check: accept it if you know that it is done`]);
    else if (look.standing === 'holds') {
      this.#holding.add(step);
      this.#first = 'go on';
      this.#call.tell([`${style('green', '✔')} step "${step}" holds now`, ...labelled('seen', look.evidence, style)]);
    } else
      this.#call.tell([
        `${style('red', '✖')} step "${step}" does not hold`,
        ...labelled('expected', look.expected, style),
        ...labelled('found', look.found, style),
      ]);
  }

  async #accept(): Promise<Answer | undefined> {
    const failure = await this.#whichStep();
    if (failure === undefined) return undefined;
    const {around, errStyle} = this.#call;
    const reason = await askText(around, `why does step "${failure.step}" count as done?`, errStyle !== plain);
    return reason === undefined ? undefined : await this.#resume({accept: [{step: failure.step, reason}]});
  }

  async #undo(): Promise<Answer | undefined> {
    const {registry, load, engine} = this.#workshop;
    const {run} = this.#failed.result;
    const {around, errStyle: style} = this.#call;
    const question = 'take this back?';
    const confirm = async (): Promise<boolean> =>
      (await pick({around, style, question, choices: YES_NO, first: 'no', none: 'no'})) === 'yes';
    around.stderr.write('\n');
    const took = await takeBack(this.#call, this.#workshop, {run, registry, load}, confirm);
    if (typeof took === 'string' || took.failed.length > 0) return undefined;
    return took.interrupted ? codeOfSignal(around.signal.reason) : engine.EXIT.failed;
  }
}

/** A run that goes on asks anew, as the secret may be what was wrong; a look in between does not. */
const rememberingAll =
  (ask: NonNullable<Host['askSecret']>, secrets: Map<string, string>): NonNullable<Host['askSecret']> =>
  async (name, about) => {
    const value = secrets.get(name) ?? (await ask(name, about));
    if (value !== undefined) secrets.set(name, value);
    return value;
  };

const YES_NO = [
  {name: 'yes', hint: 'take it back', help: 'Takes back what is listed above.'},
  {name: 'no', hint: 'leave it', help: 'Goes back to the menu.'},
] as const;
