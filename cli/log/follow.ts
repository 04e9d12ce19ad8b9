import type {Followed, Printed} from '../../engine/index.ts';
import type {Call} from '../command.ts';
import {shownLine} from '../progress/output-lines.ts';
import {nextSteps} from '../report.ts';
import {writtenTo} from '../streams.ts';
import {clock} from '../time.ts';
import {padded, sizeText} from '../width.ts';
import {entryText} from './entry-text.ts';
import {linesBefore, Tail} from './step-lines.ts';

const LONGEST_KEY = 24;

/** Shows what a run does while it is told: a line for each entry, and for each line that a step prints. */
export const showFollowed = async (
  call: Call,
  followed: AsyncIterable<Followed>,
  {run, tail}: {readonly run: string; readonly tail: number | undefined},
): Promise<void> => {
  const lines = new FollowLines(call);
  // As long as it is only told what has been.
  let past = tail === undefined ? undefined : new Tail(tail);
  for await (const one of followed) {
    if (one.kind === 'caught-up') {
      await writtenTo(call.around.stdout, past?.lines((count) => lines.remark(linesBefore(count))) ?? []);
      past = undefined;
    } else if (one.kind === 'ended') tellEnd(call, one, run);
    else if (past !== undefined) past.push(lines.of(one));
    else await writtenTo(call.around.stdout, lines.of(one));
  }
};

/** The same for a program: the entries alone, one a line. */
export const printEntries = async (call: Call, followed: AsyncIterable<Followed>): Promise<void> => {
  for await (const one of followed)
    if (one.kind === 'entry') await writtenTo(call.around.stdout, [JSON.stringify(one.entry)]);
};

const tellEnd = (call: Call, {facts, gone}: Followed & {kind: 'ended'}, run: string): void => {
  if (facts === undefined) call.tell([`run ${run} never began`]);
  if (facts?.goingSince === undefined && gone === undefined) return;
  const process = gone === undefined ? 'the process that worked on it' : `process ${gone}, which worked on it,`;
  const {errStyle, report} = call;
  const next = facts?.goingSince === undefined ? `runbook undo ${run}` : `runbook resume ${run}`;
  call.tell([
    `${errStyle('yellow', '!')} ${process} is gone without finishing it`,
    ...nextSteps(`go on with: ${next}`, report),
  ]);
};

class FollowLines {
  readonly #call: Call;
  #keyColumns = 8;
  /** The last one, as a step prints many lines in a moment. */
  #known = {step: '', at: Number.NaN, text: ''};

  constructor(call: Call) {
    this.#call = call;
  }

  of(followed: Followed): string[] {
    if (followed.kind === 'printed') return followed.lines.flatMap((line) => this.#printed(followed.step, line));
    if (followed.kind !== 'entry') return [];
    const {entry} = followed;
    const [first = '', ...more] = entryText(entry, this.#call.outStyle).split('\n');
    if (first === '') return [];
    const head = this.#head('step' in entry ? entry.step : '', Date.parse(entry.at));
    return [`${head}${first}`, ...more.map((line) => `${head}  ${line}`)];
  }

  remark(text: string): string {
    return this.#call.outStyle('dim', text);
  }

  #printed(step: string, printed: Printed): string[] {
    const {outStyle: style} = this.#call;
    const bar = style('dim', '|');
    switch (printed.kind) {
      case 'line':
        return [`${this.#head(step, printed.at)}${bar} ${shownLine(printed.text)}`.trimEnd()];
      case 'begin':
        // The journal's entry says it, too.
        return [];
      case 'left-out':
        return [`${this.#head(step)}${style('dim', `[${sizeText(printed.bytes)} are left out here]`)}`];
    }
  }

  #head(step: string, at = 0): string {
    if (this.#known.step === step && this.#known.at === at) return this.#known.text;
    this.#keyColumns = Math.min(LONGEST_KEY, Math.max(this.#keyColumns, step.length));
    const time = padded(at === 0 ? '' : clock(new Date(at)), 8);
    const text = `${this.#call.outStyle('dim', time)} ${step === '' ? '' : `${padded(step, this.#keyColumns)}  `}`;
    this.#known = {step, at, text};
    return text;
  }
}
