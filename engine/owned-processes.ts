import {readFileSync} from 'node:fs';
import {labelsOf, NAMELESS, parseLines, readTag} from './labels.ts';
import {type OwnedKind, type OwnedThing, StepError} from './step-type.ts';
import {endSurvivors, findSurvivors} from './survivors.ts';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // ended meanwhile, or another user's
  }
};

const MARK = 'RUNBOOK_STEP';

/** A variable of a process's environment. */
const variable = (pid: number, name: string): string => {
  const entry = read(`/proc/${pid}/environ`)
    .split('\0')
    .find((each) => each.startsWith(`${name}=`));
  return entry?.slice(name.length + 1) ?? '';
};

/** `run/step/attempt`, where a step's key may have slashes, too. */
const parseMark = (mark: string): {run: string; step: string} => {
  const [, run = '', step = ''] = /^([^/]*)\/(.*)\/\d+$/s.exec(mark) ?? [];
  return {run, step};
};

// "pid (name) state parent ...": the name may hold anything, so count from its last bracket
const statOf = (pid: number): string[] => {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

// The program's name alone: its arguments may hold what a script has put into them.
const commandOf = (pid: number): string => read(`/proc/${pid}/comm`).trim();

/** The kernel counts in hundredths of a second since it was booted. */
const startedAt = (ticks: string | undefined): {createdAt?: string} => {
  const boot = /^btime (\d+)$/m.exec(read('/proc/stat'))?.[1];
  if (boot === undefined || ticks === undefined) return {};
  return {createdAt: new Date(Number(boot) * 1000 + Number(ticks) * 10).toISOString()};
};

const asThing = (pid: number): OwnedThing[] => {
  const {run, step} = parseMark(variable(pid, MARK));
  const stat = statOf(pid);
  if (run === '' || 'ZX'.includes(stat[0] ?? 'X')) return [];
  const said = parseLines(variable(pid, 'RUNBOOK_LABELS'));
  const {uses = '', place = '', runbook = NAMELESS} = (said['io.runbook.run'] === run && readTag(said)) || {};
  return [
    {
      id: `${pid}@${stat[19]}`,
      name: commandOf(pid),
      // A container's processes are marked, too, and have no labels.
      labels: labelsOf({run, step, runbook, uses, place}),
      state: `pid ${pid}`,
      ...startedAt(stat[19]),
    },
  ];
};

/** Processes of steps: those of a live run, and what outlived theirs. Linux only. */
export const processes: OwnedKind = {
  kind: 'process',
  after: [],

  async list() {
    if (process.platform !== 'linux') return [];
    return (await findSurvivors('')).flatMap(asThing);
  },

  /** With it go the other processes of its step. */
  async remove({labels}) {
    const {left} = await endSurvivors(`${labels['io.runbook.run']}/${labels['io.runbook.step']}/`);
    if (left.length > 0) throw new StepError(`process ${left.join(', ')} can't be ended`);
  },
};
