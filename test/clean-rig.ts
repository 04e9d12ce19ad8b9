import {rmSync} from 'node:fs';
import {type CleanPlan, type CleanRequest, cleanUp, planClean} from '../engine/clean.ts';
import type {Found} from '../engine/owned.ts';
import type {OwnedKind, OwnedThing, StepType} from '../engine/step-type.ts';
import type {FakeStep, Ran, Rig} from './rig.ts';

/** A kind of labelled things that a test makes and removes; with all that was removed, in order. */
export interface Shelf {
  readonly kind: OwnedKind;
  /** By place and id. */
  readonly things: Map<string, OwnedThing & {readonly where?: string | undefined}>;
  readonly removed: string[];
}

export const removals: string[] = [];

export const shelf = (kind: string, more: Partial<OwnedKind> = {}): Shelf => {
  const things: Shelf['things'] = new Map();
  const removed = removals;
  const own: OwnedKind = {
    kind,
    after: [],
    list: async ({on}) => [...things.values()].filter(({where}) => where === on),
    async remove({id}) {
      removed.push(`${kind} ${id}`);
      things.delete(id);
    },
    ...more,
  };
  return {kind: own, things, removed};
};

/** Steps of this type make a thing each, called like the step, with its labels. */
export const makes = (step: FakeStep, {things}: Shelf, more: Partial<OwnedThing> & {where?: string} = {}): FakeStep => {
  step.during = (_, {labels}) => {
    const name = labels['io.runbook.step'] ?? '';
    const id = `${labels['io.runbook.run']}-${name}`;
    things.set(id, {id, name, labels, state: 'running', ...more});
  };
  return step;
};

export interface Clean {
  readonly registry: ReadonlyMap<string, StepType>;
  readonly shelf: Shelf;
  plan(run?: string): Promise<CleanPlan>;
  /** Agrees to what the plan says, of the things of the test: those of the machine are none of its. */
  clean(run?: string, missing?: boolean): ReturnType<typeof cleanUp>;
  /** Name, standing of the run, fate and reason. */
  judged(run?: string): Promise<string[]>;
  host: () => ReturnType<Rig['host']>;
}

export const cleaner = (
  rig: Rig,
  step: FakeStep,
  own: Shelf,
  further: readonly Shelf[] = [],
  stateDir = rig.stateDir,
): Clean => {
  const kinds = [own, ...further];
  const owns = kinds.map(({kind}) => kind);
  const registry = new Map([[step.name, {...step.type, owns}]]);
  const host = () => ({...rig.host(), stateDir});
  const request = (run?: string): CleanRequest => ({registry, load: rig.load, ...(run === undefined ? {} : {run})});
  const isOwn = ({kind}: Found): boolean => owns.some((one) => one.kind === kind);
  const plan = async (run?: string): Promise<CleanPlan> => {
    const all = await planClean(request(run), host());
    return {...all, judged: all.judged.filter(({thing}) => isOwn(thing))};
  };
  return {
    registry,
    shelf: own,
    plan,
    host,
    async clean(run, missing = false) {
      return cleanUp(request(run), host(), {plan: await plan(run), missing, tell: async () => {}});
    },
    async judged(run) {
      const {judged} = await plan(run);
      return judged.map(({thing, maker, fate, why}) => `${thing.name}: ${maker.standing}, ${fate}, ${why}`).sort();
    },
  };
};

export const WEB = '  - {id: web, uses: web}\n';
export const WEB_AND_NEXT = `${WEB}  - {id: next, uses: next}\n`;

export const started = async (rig: Rig, steps = WEB): Promise<Clean> => {
  removals.splice(0);
  const own = shelf('thing');
  const step = makes(rig.step('web'), own);
  await rig.runbook(steps);
  return cleaner(rig, step, own);
};

/** A run whose journal is gone. */
export const lostRun = async (rig: Rig): Promise<string> => {
  const {run} = await rig.run();
  rmSync(rig.store.folderOf(run), {recursive: true});
  return run;
};

/** A run that failed after it had made something, and a newer one that needed that. */
export const replaced = async (rig: Rig): Promise<{one: Clean; newer: Ran}> => {
  const one = await started(rig, WEB_AND_NEXT);
  const next = rig.step('next');
  next.failure = 'no';
  await rig.run();
  next.failure = undefined;
  return {one, newer: await rig.run()};
};
