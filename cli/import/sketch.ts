/** A step as it is made from a command, before it is written. */
export interface Sketch {
  /** The line of the document. */
  readonly line: number;
  readonly id: string;
  title: string;
  about: string[];
  /** `shell` for a script. */
  uses: string;
  with: Record<string, unknown>;
  /** The command as a script, for when no step type fits. */
  readonly script: string;
  on?: string;
  cwd?: string;
  /** The step that ends its effect. */
  until?: string;
  effect?: 'reads' | 'repeatable';
  expect?: string;
  outputs?: Record<string, string>;
  decide: string[];
}

/** Something that only a person can settle. */
export interface Decision {
  /** The line of the document. */
  readonly line: number;
  readonly step?: string;
  readonly what: string;
}

/** A whole runbook as it is made from a document. */
export interface Draft {
  readonly title: string;
  readonly about: string;
  readonly inputs: ReadonlyMap<string, {readonly about: string; readonly default?: string; readonly secret?: boolean}>;
  readonly steps: readonly Sketch[];
}

/** A step that a shell does. */
export const toShell = (sketch: Sketch, why: string): void => {
  const [output] = Object.keys(sketch.outputs ?? {});
  const read = sketch.uses !== 'shell' && sketch.outputs !== undefined ? Object.values(sketch.outputs)[0] : undefined;
  sketch.uses = 'shell';
  sketch.with = {run: sketch.script};
  delete sketch.expect;
  delete sketch.effect;
  if (output !== undefined && read !== undefined) sketch.outputs = {[output]: 'result.stdout.trim()'};
  sketch.decide.push(why);
};

/** A step that a person does, and says so. */
export const toPerson = (sketch: Sketch, why: string): void => {
  const script = sketch.script.replace(/\$\{\{\s*(.*?)\s*\}\}/g, '($1)');
  sketch.uses = 'confirm';
  sketch.with = {message: `Type this in a terminal. Is it done?\n\n    ${script.replaceAll('\n', '\n    ')}\n`};
  for (const key of ['expect', 'effect', 'outputs', 'on', 'cwd'] as const) delete sketch[key];
  sketch.decide.push(why);
};
