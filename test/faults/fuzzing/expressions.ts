import * as fc from 'fast-check';
import {hostile, repetitions} from './texts.ts';

/** Expressions by a grammar, with all that CEL has, and something wrong here and there. */
const grammar = fc.letrec<{expression: string; atom: string; text: string; name: string}>((tie) => ({
  name: fc.oneof(
    {
      weight: 5,
      arbitrary: fc.constantFrom(
        'inputs.list',
        'inputs.text',
        'inputs.number',
        'inputs.map',
        'result.json',
        'result',
        'steps.a.outputs.b',
        'env.X',
        'item.key',
        'run.id',
      ),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'x',
        'y',
        'inputs',
        'steps',
        'this',
        'in',
        'type',
        'inputs.gone',
        'steps.?gone.outputs',
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'inputs.__proto__',
        'inputs.constructor',
        'inputs["__proto__"]',
        'result.json[0].toString',
        'inputs.map.hasOwnProperty',
      ),
    },
  ),
  text: fc.oneof(
    fc.constantFrom(
      '""',
      '"a"',
      "'b'",
      'r"\\d+"',
      '"""x"""',
      "'''y'''",
      'b"bytes"',
      '"\\u00e9"',
      '"\\x00"',
      '"(a+)+$"',
      '"(?=x)"',
      '"["',
      '","',
    ),
    hostile.map((one) => JSON.stringify(one)),
    fc
      .tuple(fc.constantFrom('a', '(', 'a?', '[', '(a|'), repetitions)
      .map(([part, times]) => JSON.stringify(part.repeat(Math.min(times, 2000)))),
  ),
  atom: fc.oneof(
    tie('name'),
    tie('text'),
    fc.constantFrom(
      '0',
      '1',
      '-1',
      '1u',
      '1.5',
      '1e308',
      '1e999',
      '9223372036854775807',
      '9223372036854775808',
      'true',
      'false',
      'null',
      '[]',
      '{}',
    ),
    hostile,
  ),
  expression: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    tie('atom'),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom(
          '+',
          '-',
          '*',
          '/',
          '%',
          '==',
          '!=',
          '<',
          '<=',
          '>',
          '>=',
          '&&',
          '||',
          'in',
          '.',
          ',',
          '=',
          '??',
        ),
        tie('expression'),
      )
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
    fc
      .tuple(fc.constantFrom('!', '-', '!!', '('), tie('expression'))
      .map(([sign, a]) => (sign === '(' ? `(${a})` : sign + a)),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('all', 'exists', 'exists_one', 'map', 'filter'),
        fc.constantFrom('x', 'y', 'inputs', '__proto__'),
        tie('expression'),
      )
      .map(([list, macro, variable, body]) => `${list}.${macro}(${variable}, ${body})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom(
          'matches',
          'contains',
          'startsWith',
          'split',
          'join',
          'indexOf',
          'substring',
          'size',
          'trim',
          'lines',
          'matches_',
          'getHours',
          'constructor',
          'toString',
        ),
        fc.array(tie('expression'), {maxLength: 2}),
      )
      .map(([on, method, args]) => `${on}.${method}(${args.join(', ')})`),
    fc
      .tuple(
        fc.constantFrom(
          'size',
          'int',
          'uint',
          'double',
          'string',
          'bytes',
          'type',
          'dyn',
          'json',
          'has',
          'timestamp',
          'duration',
          'bool',
          'optional.of',
          'eval',
          'constructor',
        ),
        fc.array(tie('expression'), {maxLength: 2}),
      )
      .map(([name, args]) => `${name}(${args.join(', ')})`),
    fc
      .tuple(tie('name'), tie('expression'), tie('expression'))
      .map(([, value, body]) => `cel.bind(x, ${value}, ${body})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, key]) => `${a}[${key}]`),
    fc.array(tie('expression'), {maxLength: 4}).map((items) => `[${items.join(', ')}]`),
    fc
      .array(fc.tuple(tie('atom'), tie('expression')), {maxLength: 3})
      .map((entries) => `{${entries.map(([key, value]) => `${key}: ${value}`).join(', ')}}`),
    fc
      .tuple(fc.constantFrom('(', '[', '!', '-', '{"a":', '1+', 'x.', '"'), repetitions)
      .map(([part, times]) => part.repeat(times)),
  ),
}));

export const expressions: fc.Arbitrary<string> = grammar.expression;

/** Values that an expression may read. */
export const values: fc.Arbitrary<unknown> = fc.record({
  inputs: fc.record({
    list: fc.oneof(fc.array(fc.jsonValue(), {maxLength: 5}), fc.constant(Array.from({length: 3000}, (_, n) => n))),
    text: fc.oneof(hostile, fc.string(), fc.constant('a'.repeat(50_000))),
    number: fc.oneof(fc.integer(), fc.double({noNaN: true, noDefaultInfinity: true})),
    map: fc.dictionary(fc.oneof(hostile, fc.string()), fc.jsonValue(), {maxKeys: 4}),
  }),
  env: fc.constant({X: 'x'}),
  steps: fc.constant({a: {outputs: {b: [1, {c: null}]}}}),
  item: fc.constant({key: 'k', value: 1}),
  result: fc.record({json: fc.jsonValue(), stdout: fc.string()}),
  run: fc.constant({id: 'r'}),
});
