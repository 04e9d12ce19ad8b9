import type {Found, OwnedReport} from '../../engine/index.ts';
import {type Call, type CommandFile, examples} from '../command.ts';
import {quietHost} from '../host.ts';
import {ownedJson, ownedLines, unseenLines} from '../owned-table.ts';
import {openWorkshop} from '../workshop.ts';

/** What any run has made, and whether that run is alive. */
export const ps: CommandFile = {
  define(command) {
    command
      .summary('list what runs have made, and whether they are alive')
      .description(
        'Finds by their labels what any run has made: containers, networks, volumes, services, machines and what is on them, and processes that outlived their run. No journal is needed. Changes nothing.',
      );
    command
      .argument('[run]', 'only of this run: its id, or enough of it')
      .option('-a, --all', 'also the images that runs have built');
    examples(command, [
      ['runbook ps', 'what is there, by run'],
      ['runbook ps k3f9', 'of one run'],
      ['runbook ps --all', 'with images'],
      ['runbook ps --json', 'for a program'],
    ]);
  },

  async act(call) {
    const {engine, registry} = await openWorkshop(call);
    const [run] = call.args;
    const report = await engine.findOwned({registry, ...(run === undefined ? {} : {run})}, quietHost(call));
    const own = report.things.filter((thing) => report.run === undefined || thing.run === report.run.run);
    if (call.json) call.printJson(asJson(report, own));
    else tell(report, own, call);
    return engine.EXIT.done;
  },
};

const tell = (report: OwnedReport, own: readonly Found[], call: Call): void => {
  const shown = call.options<{readonly all?: boolean}>().all === true ? own : own.filter(({kind}) => kind !== 'image');
  call.print(ownedLines(shown, report.makers, call));
  const hidden = own.length - shown.length;
  call.tell([
    ...(shown.length > 0 ? [] : [nothing(report)]),
    ...(hidden === 0 ? [] : [`and ${hidden === 1 ? 'an image' : `${hidden} images`}: see with --all`]),
    ...unseenLines(report.unseen, call),
  ]);
};

const nothing = ({run}: OwnedReport): string =>
  run === undefined ? 'nothing that a run has made is there' : `nothing that run ${run.run} has made is there`;

const asJson = ({makers, run, unseen}: OwnedReport, own: readonly Found[]) => {
  const runs = run === undefined ? [...makers.values()] : [run];
  return {
    runs: runs.map((maker) => ({...maker, things: own.filter((thing) => thing.run === maker.run).map(ownedJson)})),
    unseen: unseen.map(({where, ...rest}) => ({on: where ?? null, ...rest})),
  };
};
