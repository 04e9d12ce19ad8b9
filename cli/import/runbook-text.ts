import {
  Document,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type {Decision, Draft, Sketch} from './sketch.ts';

const WAITING = /^(http\.get|dns\.|consul\.|docker\.(ps|logs)|machine\.list|swarm\.nodes)/;
const FLOW_COLUMNS = 90;

/** The text of a runbook's file; what a person must decide stands in its place. */
export const runbookText = (
  draft: Draft,
  head: {readonly name?: string; readonly comment: string; readonly loose: readonly Decision[]},
): string => {
  const doc = new Document({
    ...(head.name === undefined ? {} : {name: head.name}),
    title: draft.title,
    ...(draft.about === '' ? {} : {about: `${draft.about}\n`}),
    ...(draft.inputs.size === 0 ? {} : {inputs: inputsOf(draft)}),
    steps: draft.steps.map(stepOf),
  });
  visit(doc, {
    Scalar: (_, node) => looks(node),
    Collection: (_, node) => void flowWhereShort(node),
  });
  const root = doc.contents as unknown as YAMLMap;
  const steps = root.get('steps', true) as unknown as YAMLSeq;
  steps.flow = false;
  for (const [index, sketch] of draft.steps.entries())
    comment(steps.items[index] as Node, sketch, head.loose, draft.steps[index - 1]?.line ?? 0);
  const inputs = root.get('inputs', true);
  if (isMap(inputs)) inputs.flow = false;
  const last = draft.steps.at(-1)?.line ?? 0;
  const after = head.loose.filter(({line}) => line > last).map(({what}) => ` decide: ${oneLine(what)}`);
  if (after.length > 0) doc.comment = after.join('\n');
  return `${head.comment}\n${doc.toString({lineWidth: 0, flowCollectionPadding: false})}`;
};

const inputsOf = ({inputs}: Draft): Record<string, unknown> =>
  Object.fromEntries(
    [...inputs].map(([name, {about, default: value, secret}]) => [
      name,
      {type: 'string', ...(value === undefined ? {} : {default: value}), ...(secret ? {secret} : {}), about},
    ]),
  );

const stepOf = (sketch: Sketch): Record<string, unknown> => {
  const about = sketch.about.join('\n\n');
  const {run, ...options} = sketch.with;
  const on = sketch.on === undefined ? {} : {on: sketch.on};
  const action =
    sketch.uses !== 'shell'
      ? {uses: sketch.uses, ...on, ...(Object.keys(sketch.with).length === 0 ? {} : {with: sketch.with})}
      : sketch.cwd === undefined
        ? {run: scriptText(run), ...on}
        : {uses: 'shell', ...on, with: {run: scriptText(run), cwd: sketch.cwd, ...options}};
  const own = sketch.outputs !== undefined && !isOwnOutput(sketch);
  return {
    id: sketch.id,
    title: sketch.title,
    ...(about === '' ? {} : {about: `${about}\n`}),
    ...action,
    ...(sketch.effect === undefined ? {} : {effect: sketch.effect}),
    ...(sketch.expect === undefined ? {} : {expect: sketch.expect}),
    ...(sketch.expect !== undefined && WAITING.test(sketch.uses) ? {within: '30s'} : {}),
    ...(own ? {outputs: sketch.outputs} : {}),
    ...(sketch.until === undefined ? {} : {until: sketch.until}),
  };
};

/** `ip: result.ip` is what the step type hands on anyway. */
const isOwnOutput = ({uses, outputs = {}}: Sketch): boolean =>
  uses !== 'shell' && Object.entries(outputs).every(([name, value]) => value === `result.${name}`);

const scriptText = (run: unknown): string => {
  const text = String(run);
  return text.includes('\n') ? `${text}\n` : text;
};

const looks = (node: Scalar): void => {
  if (typeof node.value !== 'string' || !node.value.includes('\n')) return;
  node.type = /[\u0000-\u0008\u000b-\u001f]/.test(node.value) ? Scalar.QUOTE_DOUBLE : Scalar.BLOCK_LITERAL;
};

/** Small lists and maps of plain values stand on one line. */
const flowWhereShort = (node: Node): void => {
  if (!isCollection(node)) return;
  const text = JSON.stringify(node.toJSON());
  if (text.length > FLOW_COLUMNS || text.includes('\\n') || /[{]"(id|title)"/.test(text)) return;
  if (isSeq(node) || (isMap(node) && node.items.every(({value}) => isScalar(value) || isSeq(value)))) node.flow = true;
};

const comment = (node: Node, sketch: Sketch, loose: readonly Decision[], after: number): void => {
  const before = loose.filter(({line}) => line > after && line <= sketch.line).map(({what}) => what);
  const lines = [...before, ...sketch.decide].map((what) => ` decide: ${oneLine(what)}`);
  if (lines.length > 0) node.commentBefore = lines.join('\n');
  node.spaceBefore = after > 0;
};

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').replace(/\uE000\d+\uE001/g, '…');
