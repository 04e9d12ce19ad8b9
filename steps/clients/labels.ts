import type {StepContext} from '../../engine/step-type.ts';

export type Labels = Readonly<Record<string, string>>;
type Found = Labels | null | undefined;

/** What has this label was made by a run of ours. */
export const RUN = 'io.runbook.run';
const STEP = 'io.runbook.step';
const RUNBOOK = 'io.runbook.runbook';
const USES = 'io.runbook.uses';
const NAME = 'io.runbook.name';

const IMAGE_MAKERS: ReadonlySet<string | undefined> = new Set(['docker.build', 'docker.image']);

/** Whether a container has our labels from its image only: Docker hands them on to whatever is made from it. */
export const isInherited = (labels: Found): boolean => IMAGE_MAKERS.has(labels?.[USES]);

/** The step type that made it; undefined where it does not say. */
export const usesOf = (labels: Found): string | undefined => labels?.[USES] || undefined;

/** Whether two things have their labels from the same step. */
export const isSameMaker = (one: Found, other: Found): boolean =>
  other?.[RUN] !== undefined && [RUN, STEP].every((name) => one?.[name] === other[name]);

/** A label for images, which others may give further names, and make further images from. */
export const imageLabel = (tag: string): Labels => ({[NAME]: /:[^/]+$/.test(tag) ? tag : `${tag}:latest`});

/** The name by which an image was built. */
export const imageNameOf = (labels: Found): string | undefined => labels?.[NAME];

/** The run that has made it, and its runbook. */
export const makerOf = (labels: Found): {readonly run: string; readonly runbook: string} | undefined => {
  const run = labels?.[RUN];
  return run === undefined || isInherited(labels) ? undefined : {run, runbook: labels?.[RUNBOOK] ?? ''};
};

/** Whether the context's run has made it. */
export const madeByRun = (labels: Found, context: Pick<StepContext, 'labels'>): boolean => {
  const run = makerOf(labels)?.run;
  return run !== undefined && run === context.labels[RUN];
};

/** Whether this very step has made it, in whichever attempt. */
export const madeByStep = (labels: Found, context: Pick<StepContext, 'labels'>): boolean =>
  madeByRun(labels, context) && labels?.[STEP] === context.labels[STEP];

/** Whether a run of the context's runbook has made it. */
export const madeByRunbook = (labels: Found, context: Pick<StepContext, 'labels'>): boolean =>
  labels?.[RUNBOOK] !== undefined && labels[RUNBOOK] === context.labels[RUNBOOK];
