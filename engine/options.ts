import {type Place, type Problem, RunbookError} from './errors.ts';
import {type Described, mistakesIn, parsedBy} from './issues.ts';
import type {Mistakes} from './mistakes.ts';
import type {Json, StepType} from './step-type.ts';
import {expressionsOf, renderTemplate, type Template} from './template.ts';
import {lookUp, type YamlNode} from './yaml.ts';

/**
 * A step's options with all values known, checked against the type's schema and completed with its defaults.
 * @throws RunbookError `unknown-option`, `missing-key`, `wrong-type` or `bad-value`, at the given place
 */
export const checkOptions = (type: StepType, rendered: Json, place: Place): unknown => {
  const parsed = parsedBy(type.options, rendered);
  if (parsed !== undefined) return parsed.output;
  const naming = {holder: type.name, word: 'option'} as const;
  const problems = mistakesIn(rendered, type.options, naming).map(
    ({code, message, details}): Problem => ({code, message, place, ...details}),
  );
  throw new RunbookError(problems as [Problem, ...Problem[]]);
};

/** Where a step's options stand in its file. */
export interface OptionsSource {
  /** Begins each message: `step "start_web": `. */
  readonly prefix: string;
  /** The block of options; undefined when the step has none. */
  readonly node: YamlNode | undefined;
  /** Where a missing option is complained about. */
  readonly place: Place;
}

/** Notes what is wrong with a step's options as far as it can be told before any `${{ }}` has its value. */
export const noteOptions = (type: StepType, template: Template, source: OptionsSource, mistakes: Mistakes): void => {
  const naming = {holder: type.name, word: 'option'} as const;
  const known = renderTemplate(template, () => null);
  for (const described of mistakesIn(known, type.options, naming)) {
    if (isOpen(template, described)) continue;
    const {code, message, details} = described;
    mistakes.add(code, source.prefix + message, placeOf(described, source), details);
  }
};

// Whether a mistake may be gone once the expressions have values.
const isOpen = (template: Template, {path, at}: Described): boolean => {
  let current: Template | undefined = template;
  for (const key of path) {
    if (current === undefined || current.kind === 'literal') return false;
    if (current.kind === 'map') current = current.entries.get(String(key));
    else if (current.kind === 'list') current = current.items[Number(key)];
    else return true;
  }
  return at === 'value' && current !== undefined && expressionsOf(current).length > 0;
};

const placeOf = ({path, at}: Described, {node, place}: OptionsSource): Place => {
  if (node === undefined) return place;
  if (at === 'key') return lookUp(node, path).key;
  if (at === 'value') return lookUp(node, path).node.place;
  return path.length === 1 ? place : lookUp(node, path.slice(0, -1)).node.place;
};
