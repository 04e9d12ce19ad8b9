import {childRunbook} from './child-runbook.ts';
import type {Place} from './errors.ts';
import type {Mistakes} from './mistakes.ts';
import {suggest} from './nearest.ts';
import {noteOptions} from './options.ts';
import {readScript} from './read-script.ts';
import {readTemplate} from './read-template.ts';
import type {Registry, StepType} from './step-type.ts';
import type {Template} from './template.ts';
import type {YamlMap, YamlNode} from './yaml.ts';

/** What reading a file needs. */
export interface Reading {
  readonly registry: Registry;
  readonly mistakes: Mistakes;
}

/** What a step, a check or an undo does: its type, the options and where they stand. */
export interface ActionDraft {
  readonly type: StepType;
  readonly options: Template;
  readonly place: Place;
}

/** Reads `uses:` and `with:`, or the short form `run:`. Undefined when the type can't be told, which is noted. */
export const readAction = (node: YamlMap, prefix: string, reading: Reading): ActionDraft | undefined => {
  const {mistakes} = reading;
  const uses = node.entries.get('uses');
  const run = node.entries.get('run');
  if (uses !== undefined && run !== undefined) {
    const message = `${prefix}"run" is short for "uses: shell", so it can't stand beside "uses"`;
    mistakes.add('bad-combination', message, run.key, {next: ['remove one of the two']});
    return undefined;
  }
  if (uses === undefined && run === undefined) {
    mistakes.add('missing-key', `${prefix}what it does is missing`, node.place, {
      expected: '"uses" with a step type, or "run"',
    });
    return undefined;
  }
  const block = node.entries.get('with');
  // what is no text or no map is the schema's complaint
  if (!isText((uses ?? run)?.value) || (block !== undefined && block.value.kind !== 'map')) return undefined;
  const type = typeNamed(uses?.value, run?.key ?? node.place, prefix, reading);
  if (type === undefined) return undefined;
  const entries = new Map(block?.value.kind === 'map' ? block.value.entries : []);
  if (run !== undefined && entries.has('run')) {
    mistakes.add('bad-combination', `${prefix}"run" stands here twice`, entries.get('run')?.key ?? run.key);
    return undefined;
  }
  if (run !== undefined) entries.set('run', run);
  const options = readOptions(type, entries, mistakes);
  const place = (uses ?? run)?.key ?? node.place;
  noteOptions(type, options, {prefix, node: asMap(entries, block?.value ?? node), place}, mistakes);
  return {type, options, place: uses?.value.place ?? place};
};

const isText = (node: YamlNode | undefined): boolean => node?.kind === 'scalar' && typeof node.value === 'string';

const asMap = (entries: YamlMap['entries'], like: YamlNode): YamlMap => ({
  kind: 'map',
  entries,
  place: like.place,
  end: like.end,
  weight: like.weight,
  depth: like.depth,
});

const typeNamed = (
  uses: YamlNode | undefined,
  place: Place,
  prefix: string,
  {registry, mistakes}: Reading,
): StepType | undefined => {
  const name = uses === undefined ? 'shell' : String(uses.kind === 'scalar' ? uses.value : '');
  const type = registry.get(name) ?? (name === childRunbook.name ? (childRunbook as unknown as StepType) : undefined);
  if (type === undefined) {
    const details = suggest(name, [...registry.keys()].sort());
    mistakes.add('unknown-step-type', `${prefix}there is no step type "${name}"`, uses?.place ?? place, details);
  }
  return type;
};

// Always a map, even when all is literal, so that a script can be found in it.
const readOptions = (type: StepType, entries: YamlMap['entries'], mistakes: Mistakes): Template => ({
  kind: 'map',
  entries: new Map(
    [...entries].map(([name, {value}]) => [
      name,
      name === type.scriptOption && value.kind === 'scalar'
        ? readScript(value, namesIn(entries.get('env')?.value), mistakes)
        : readTemplate(value, mistakes),
    ]),
  ),
});

const namesIn = (env: YamlNode | undefined): readonly string[] => (env?.kind === 'map' ? [...env.entries.keys()] : []);
