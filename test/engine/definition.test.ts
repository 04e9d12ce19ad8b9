import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {parse} from 'yaml';
import {definitionOf} from '../../engine/definition.ts';
import type {Json} from '../../engine/step-type.ts';

const test = suite('definition');

test('is readable YAML', () => {
  const step = {
    id: 'a',
    title: 'Prose',
    with: {command: ['x', '-y'], env: {}},
    run: 'set -e\necho "x"\n',
    when: 'true',
    steps: [{a: 1, b: [2]}],
  };
  assert.is(
    definitionOf(step),
    'id: a\nwith:\n  command:\n    - x\n    - "-y"\n  env: {}\nrun: |\n  set -e\n  echo "x"\nwhen: "true"\nsteps:\n  - a: 1\n    b:\n      - 2',
  );
});

test('any two steps that differ have definitions that differ: it reads back as the same value', () => {
  const key = fc
    .string({maxLength: 8})
    .filter((name) => name !== 'title' && name !== 'about' && name !== '<<' && name !== '__proto__');
  const {value} = fc.letrec<{value: Json}>((tie) => ({
    value: fc.oneof(
      {maxDepth: 4},
      fc.string({unit: 'grapheme'}),
      fc.string({unit: fc.constantFrom('a', ' ', '\n', ':', '#', '-', '\t', '"', "'", '|', '\\', '0', '\r', '\u0085')}),
      fc.constantFrom<Json>(
        null,
        true,
        false,
        0,
        -1.5,
        'true',
        'null',
        '1',
        '1e3',
        '0x10',
        '.inf',
        '~',
        '',
        ' ',
        '---',
        '...',
        '2020-01-01',
      ),
      fc.array(tie('value'), {maxLength: 4}),
      fc.dictionary(key, tie('value'), {maxKeys: 4}) as fc.Arbitrary<Json>,
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, value, {minKeys: 1, maxKeys: 4}), (step) => {
      const normal = JSON.parse(JSON.stringify(step)) as Json;
      assert.equal(JSON.parse(JSON.stringify(parse(definitionOf(normal)))), normal, definitionOf(normal));
    }),
    {numRuns: 1000},
  );
});

test.run();
