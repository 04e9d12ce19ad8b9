import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as fc from 'fast-check';
import {parse, stringify} from 'yaml';
import {expressions} from './expressions.ts';
import type {Case} from './laboratory.ts';
import {bytesOf, changes, hostile, repetitions} from './texts.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const CHILD = 'inputs: {name: {default: x}}\nsteps: [{id: a, run: "echo ${{ inputs.name }}"}]\n';

/** A runbook that has every key. */
const WHOLE = `name: main
title: Everything
about: |
  All of it, with **Markdown**.
env: [main.env, {file: secret.env, secret: true}]
requires: [docker]
inputs:
  servers: {type: integer, default: 3, minimum: 1, maximum: 9, about: How many}
  host: {type: string, pattern: "[a-z]+", default: web}
  names: {type: list, default: [a, b]}
  limits: {type: map, default: &limits {memory: 1g}}
  more: {type: map, default: {<<: *limits, cpus: 2}}
  color: {choices: [blue, green], default: blue}
  password: {secret: true, default: abcdefgh}
steps:
  - id: look
    title: Look
    run: echo \${{ inputs.host }} "\${{ env.IMAGE }}"
    effect: reads
    expect: result.stdout.trim() == inputs.host && size(inputs.names) > 1
    outputs: {text: result.stdout, secret: {value: result.stdout.trim(), secret: true}}
    within: 5s
    timeout: 1m
    retry: {attempts: 3, delay: 1s, backoff: 2}
  - id: each
    foreach: \${{ inputs.names }}
    needs: [look]
    when: inputs.servers > 1
    uses: file.write
    with: {path: "/tmp/\${{ item.key }}", content: "\${{ steps.look.outputs.text }}"}
    until: last
  - id: act
    uses: shell
    with: {run: "cat <<X\\n\${{ inputs.color }}\\nX", env: {A: "1"}, stdin: "\${{ inputs.password }}", shell: bash}
    verify: [{run: "true", effect: reads}]
    check_first: true
    undo: {run: "rm -f \${{ result.stdout }}"}
    effect: once
  - {id: inner, uses: runbook, with: {runbook: child, inputs: {name: "\${{ inputs.host }}"}}}
  - {id: last, uses: assert, with: {message: no}, expect: "true", always: true, needs: []}
`;

const SEEDS: readonly string[] = [
  WHOLE,
  ...readdirSync(join(root, 'runbooks'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => read(join('runbooks', name)).replace(/^name: .*\n/m, '')),
];

/** YAML by a grammar: any value, written in any style. */
const yaml = fc.letrec<{value: string; scalar: string; key: string}>((tie) => ({
  key: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        'id',
        'run',
        'uses',
        'with',
        'steps',
        'inputs',
        'needs',
        'when',
        'env',
        'type',
        'default',
        'a',
        'b',
      ),
    },
    hostile,
    fc.string({maxLength: 5}).map((text) => JSON.stringify(text)),
  ),
  scalar: fc.oneof(
    hostile,
    fc.integer().map(String),
    fc.string({maxLength: 20}).map((text) => JSON.stringify(text)),
    expressions.map((one) => JSON.stringify(`\${{ ${one} }}`)),
    fc.constantFrom('&a x', '*a', '*b', '!!str 1', '!!int x', '"\\x41"', "'it''s'"),
  ),
  value: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    tie('scalar'),
    fc.array(tie('value'), {maxLength: 4}).map((items) => `[${items.join(', ')}]`),
    fc
      .array(fc.tuple(tie('key'), tie('value')), {maxLength: 4})
      .map((entries) => `{${entries.map(([key, value]) => `${key}: ${value}`).join(', ')}}`),
    fc.tuple(fc.constantFrom('&a ', '&b ', '!!map ', '!x '), tie('value')).map(([before, value]) => before + value),
    fc.tuple(fc.constantFrom('[', '{a: ', '- ', '? '), repetitions).map(([part, times]) => part.repeat(times)),
    fc.tuple(tie('value'), fc.integer({min: 1, max: 9})).map(([value, levels]) => bomb(value, levels)),
  ),
}));

/** Each anchor stands for nine of the one before. */
const bomb = (value: string, levels: number): string =>
  `[&x0 ${value}${Array.from({length: levels}, (_, n) => `, &x${n + 1} [${Array(9).fill(`*x${n}`).join(', ')}]`).join('')}]`;

const KEYS = ['name', 'title', 'about', 'env', 'requires', 'inputs', 'steps'];
const STEP_KEYS = [
  'title',
  'about',
  'uses',
  'with',
  'run',
  'needs',
  'when',
  'foreach',
  'on',
  'timeout',
  'within',
  'retry',
  'expect',
  'verify',
  'outputs',
  'undo',
  'effect',
  'until',
  'always',
  'check_first',
];

const byGrammar: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom(...KEYS), yaml.value), {maxLength: 3}),
    fc.array(fc.array(fc.tuple(fc.constantFrom(...STEP_KEYS), yaml.value), {maxLength: 4}), {maxLength: 4}),
  )
  .map(([head, steps]) => {
    const lines = head.map(([key, value]) => `${key}: ${value}`);
    const stepLines = steps.map((keys, index) =>
      [`  - id: s${index}`, ...keys.map(([key, value]) => `    ${key}: ${value}`)].join('\n'),
    );
    return `${[...lines, 'steps:', ...stepLines].join('\n')}\n`;
  });

/** Any value of a runbook replaced by one of another kind. */
const ofWrongType: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(
      fc.tuple(
        fc.double({min: 0, max: 1, noNaN: true, maxExcluded: true}),
        fc.oneof(fc.jsonValue(), hostile, fc.constantFrom([], {}, null, [[]], {a: {}}, [null])),
      ),
      {minLength: 1, maxLength: 3},
    ),
  )
  .map(([seed, replacements]) => {
    const document = parse(seed) as unknown;
    for (const [where, value] of replacements) {
      const places = placesIn(document);
      const [holder, key] = places[Math.floor(where * places.length)] ?? [];
      if (holder !== undefined) holder[key as keyof typeof holder] = value as never;
    }
    return stringify(document);
  });

type Holder = Record<string, unknown>;
const placesIn = (value: unknown): [Holder, string][] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => [[value as Holder, key] as [Holder, string], ...placesIn(inner)]);

const mutated: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...SEEDS), changes)
  .map(([seed, change]) => change(seed));

const withExpression: fc.Arbitrary<string> = fc
  .tuple(expressions, fc.constantFrom('when', 'expect', 'foreach', 'run'))
  .map(
    ([expression, key]) =>
      `inputs: {list: {type: list, default: [a]}}\nsteps:\n  - id: a\n    run: "true"\n    effect: reads\n  - id: b\n    uses: ${key === 'run' ? 'shell' : 'assert'}\n    ${key === 'run' ? `with: {run: ${JSON.stringify(`echo \${{ ${expression} }}`)}}` : `${key}: ${JSON.stringify(expression)}`}\n`,
  );

const scripts: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '${{ inputs.a }}',
        '"',
        "'",
        '`',
        '$(',
        ')',
        '((',
        '))',
        '$((',
        '${',
        '}',
        '<<E',
        '\nE\n',
        '<<-"E"',
        '\n',
        '#',
        '\\',
        'case x in a)',
        ';; esac',
        '<<<',
        'echo ',
        ' ',
        "$'",
        '\t',
        'E',
      ),
      hostile,
    ),
    {minLength: 1, maxLength: 30},
  )
  .chain((parts) =>
    repetitions.map((times) =>
      parts.join('').repeat(Math.max(1, Math.min(times, Math.floor(100_000 / (parts.join('').length || 1))))),
    ),
  )
  .map((script) => stringify({inputs: {a: {default: 'x'}}, steps: [{id: 'a', run: script}]}));

export const runbookTexts: fc.Arbitrary<string> = fc.oneof(
  {weight: 4, arbitrary: mutated},
  {weight: 3, arbitrary: byGrammar},
  {weight: 2, arbitrary: ofWrongType},
  {weight: 2, arbitrary: withExpression},
  {weight: 1, arbitrary: scripts},
);

const encoded = (text: string | Buffer): string => Buffer.from(text as string).toString('base64');

/** The main runbook with what stands beside it. */
export const caseOf = (main: Buffer): Case => ({
  kind: 'runbook',
  files: {
    'runbooks/main.yaml': encoded(main),
    'runbooks/child.yaml': encoded(CHILD),
    'env/main.env': encoded('IMAGE=nginx\n'),
    'env/secret.env': encoded('TOKEN=abcdefgh\n'),
    'env/images.env': encoded(read('env/images.env')),
  },
});

export const runbookCases: fc.Arbitrary<Case> = bytesOf(runbookTexts).map(caseOf);

export const seedCases: readonly Case[] = SEEDS.map((seed) => caseOf(Buffer.from(seed)));
