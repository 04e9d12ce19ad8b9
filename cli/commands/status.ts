import {setTimeout as sleep} from 'node:timers/promises';
import type {StatusReport} from '../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import {quietHost} from '../host.ts';
import {codeOfSignal} from '../signals.ts';
import {statusLines} from '../status-lines.ts';
import {startShowing} from '../watch-display.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly watch?: boolean;
  readonly every?: string;
  readonly all?: boolean;
}

const EVERY_MS = 5000;
const SHORTEST_MS = 100;

/** Whether everything that a run did still holds. */
export const status: CommandFile = {
  define(command) {
    command
      .summary('look whether what a run did still holds')
      .description('Looks at every step of a run again. Exits with 4 when something drifted. Changes nothing.');
    command
      .argument('[run]', 'its id, or enough of it (default: the newest run)')
      .option('--watch', 'keep looking, and say what drifts and what comes back; Ctrl-C ends it')
      .option('--every <time>', 'how often, with --watch (default: 5s)')
      .option('--all', 'show each step, also where many in a row still hold');
    examples(command, [
      ['runbook status', 'the newest run'],
      ['runbook status k3f9', 'that run'],
      ['runbook status --watch --every 30s', 'until Ctrl-C'],
      ['runbook status --json', 'for a program'],
      ['runbook status k3f9 || runbook resume k3f9', 'repair what drifted'],
    ]);
  },

  async act(call) {
    const workshop = await openWorkshop(call);
    const {engine, registry, load} = workshop;
    const {watch = false, all = false} = call.options<Options>();
    const everyMs = everyOf(call, workshop);
    const [run] = call.args;
    const look = (known?: string): Promise<StatusReport> => {
      const wanted = known ?? run;
      return engine.statusOf({...(wanted === undefined ? {} : {run: wanted}), registry, load}, quietHost(call));
    };
    if (watch) return keepLooking(call, workshop, {look, everyMs, all});
    const report = await look();
    if (call.json) call.printJson(report);
    else call.print(statusLines(report, call, {all}));
    return report.drifted ? engine.EXIT.drift : engine.EXIT.done;
  },
};

const everyOf = (call: Call, {engine}: Workshop): number => {
  const {watch = false, every} = call.options<Options>();
  if (every === undefined) return EVERY_MS;
  const wrong = (message: string, next: string): Error =>
    new engine.RunbookError({code: 'usage', message, next: [next]});
  if (!watch) throw wrong('--every needs --watch', `runbook status --watch --every ${every}`);
  const ms = engine.parseDuration(every);
  if (typeof ms !== 'number') throw wrong(`--every: "${every}" is no time`, `write ${ms.expected}`);
  if (ms < SHORTEST_MS) throw wrong(`--every: "${every}" is too often`, `at least ${SHORTEST_MS}ms`);
  return ms;
};

interface Looking {
  look(run?: string): Promise<StatusReport>;
  readonly everyMs: number;
  readonly all: boolean;
}

/** Looks again and again, always at the same run. Ctrl-C is how it ends: with the exit code of the last look. */
const keepLooking = async (call: Call, {engine}: Workshop, {look, everyMs, all}: Looking): Promise<number> => {
  const {signal, holdSignals} = call.around;
  holdSignals();
  const showing = startShowing(call, {everyMs, all});
  let last: StatusReport | undefined;
  try {
    while (!signal.aborted) {
      last = await look(last?.run);
      showing.show(last);
      await sleep(everyMs, undefined, {signal});
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    showing.end(last);
  }
  if (last === undefined || signal.reason !== 'SIGINT') return codeOfSignal(signal.reason);
  return last.drifted ? engine.EXIT.drift : engine.EXIT.done;
};
