import {childRunbook} from '../../engine/child-runbook.ts';
import {
  type Description,
  describeRunbook,
  type Host,
  loadRunbook,
  type StepType,
  stepTypeSchema,
} from '../../engine/index.ts';
import {registry} from '../../steps/index.ts';
import {projectFile} from './blocks.ts';

/** A JSON Schema, as far as our step types have it. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

/** Every step type that a runbook may use, by name. */
export const allTypes: readonly StepType[] = [...registry.values(), childRunbook as unknown as StepType].sort((a, b) =>
  a.name < b.name ? -1 : 1,
);

const host: Host = {
  env: {},
  cwd: projectFile('.'),
  stateDir: projectFile('.runbook'),
  signal: new AbortController().signal,
  killSignal: new AbortController().signal,
  version: '',
  emit: () => {},
  ask: async () => false,
};

const INTRO = `# Step types

What may stand behind \`uses:\` in a step, with its options (under \`with:\`) and its outputs. An option without a
default and without "optional" must be given. Any option may be an expression, \`\${{ }}\`. How a step is written:
[writing-runbooks.md](writing-runbooks.md).

**Effect** says what a step does to the world, and so what a new run, a resume and an undo make of it; see
[effects](writing-runbooks.md#effects).

This page is made from the step types themselves, see [CONTRIBUTING.md](../CONTRIBUTING.md). \`runbook schema TYPE\`
prints the same as JSON Schema.
`;

/** docs/step-types.md, made from the registry and from docs/step-examples.yaml. */
export const stepTypesPage = async (): Promise<string> => {
  const file = projectFile('docs/step-examples.yaml');
  const find = async (name: string): Promise<string> => projectFile(`runbooks/${name}.yaml`);
  const runbook = await loadRunbook(file, {registry, requirements: ['docker'], find});
  const description = await describeRunbook(runbook, registry, host);
  const lines = runbook.text.split('\n');
  const sections = allTypes.map((type) => {
    const step = runbook.steps.find(({uses, effect}) => uses === type.name && (type.name !== 'shell' || effect));
    const example = step === undefined ? [] : lines.slice(step.place.line - 1, step.endLine - 1);
    return sectionOf(type, example, commandOf(step?.id, type, description));
  });
  const index = allTypes.map(({name, about}) => `| [\`${name}\`](#${name.replaceAll('.', '')}) | ${about} |`);
  return `${[INTRO, ['| type | what it does |', '| --- | --- |', ...index, ''].join('\n'), ...sections].join('\n')}`;
};

const commandOf = (id: string | undefined, type: StepType, {steps}: Description): readonly string[] =>
  type.name === 'runbook' ? [] : (steps.find((step) => step.id === id)?.commands ?? []);

const sectionOf = (type: StepType, example: readonly string[], commands: readonly string[]): string => {
  const {properties = {}} = stepTypeSchema(type) as unknown as Schema;
  const options = rowsOf(properties.with ?? {}, '');
  const outputs = rowsOf(properties.outputs ?? {}, '');
  return [
    `## ${type.name}`,
    '',
    type.about,
    '',
    `Effect: ${effectOf(type)}. ${undoOf(type)}`,
    ...secretsOf(type),
    '',
    ...(options.length === 0
      ? ['No options.']
      : ['| option | type | default | what it is |', '| --- | --- | --- | --- |', ...options.map(optionRow)]),
    '',
    ...(outputs.length === 0
      ? ['No outputs.']
      : ['| output | type | what it is |', '| --- | --- | --- |', ...outputs.map(outputRow)]),
    '',
    ...fenced('yaml', withoutBlankEnd(example)),
    ...(commands.length === 0 ? [] : ['The same by hand:', '', ...fenced('sh', commands)]),
  ].join('\n');
};

const effectOf = ({effect, effectIsSettable}: StepType): string =>
  effectIsSettable === true ? `*${effect}*, unless the step says another \`effect:\`` : `*${effect}*`;

const undoOf = ({effect, undo, asks, name}: StepType): string => {
  if (name === 'runbook') return "Undo takes that runbook's steps back.";
  if (effect === 'reads' || asks === true) return 'There is nothing to undo.';
  return undo === undefined
    ? "Undo needs an `undo:` in the step; without one it can't be taken back."
    : 'Undo takes it back.';
};

const secretsOf = ({secretOptions = []}: StepType): string[] =>
  secretOptions.length === 0 ? [] : [`A secret may stand in ${secretOptions.map((name) => `\`${name}\``).join(', ')}.`];

interface Row {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
}

// The members of a member have rows of their own: `build.tag`, `checks[].http`.
const rowsOf = ({properties = {}, required = []}: Schema, prefix: string): Row[] =>
  Object.entries(properties).flatMap(([key, schema]) => {
    const name = prefix + key;
    const own = unwrapped(schema);
    return [
      {name, schema, required: required.includes(key)},
      ...rowsOf(own, `${name}.`),
      ...(own.items === undefined ? [] : rowsOf(unwrapped(own.items), `${name}[].`)),
    ];
  });

// `orExpression` of the schema adds an expression as a second choice.
const choicesOf = ({anyOf = []}: Schema): readonly Schema[] => anyOf.filter(({$ref}) => $ref === undefined);

const unwrapped = (schema: Schema): Schema => {
  const [only, ...more] = choicesOf(schema);
  return only === undefined || more.length > 0 ? schema : only;
};

const typeOf = (schema: Schema): string => {
  const choices = choicesOf(schema);
  if (choices.length > 0) return [...new Set(choices.map(typeOf))].join(' or ');
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object' && schema.properties === undefined)
    return `map of ${typeOf(schema.additionalProperties)}`;
  return (
    {object: 'map', integer: 'whole number', string: 'text', null: 'null'}[schema.type ?? ''] ?? schema.type ?? 'any'
  );
};

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const defaultOf = ({schema, required}: Row): string => {
  const value = schema.default;
  if (required || value === undefined) return required ? '' : 'optional';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
};

const aboutOf = ({description}: Schema): string => cell(description ?? '');

const optionRow = (row: Row): string =>
  `| \`${row.name}\` | ${cell(typeOf(row.schema))} | ${cell(defaultOf(row))} | ${aboutOf(row.schema)} |`;

const outputRow = ({name, schema}: Row): string => `| \`${name}\` | ${cell(typeOf(schema))} | ${aboutOf(schema)} |`;

const withoutBlankEnd = (lines: readonly string[]): readonly string[] => lines.join('\n').trimEnd().split('\n');

// an example stands in the file two columns in
const fenced = (language: string, lines: readonly string[]): string[] => [
  `\`\`\`${language}`,
  ...lines.map((line) => (language === 'yaml' ? line.replace(/^ {2}/, '') : line)),
  '```',
  '',
];
