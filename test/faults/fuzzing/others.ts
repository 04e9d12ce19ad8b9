import {readdirSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import * as fc from 'fast-check';
import type {Case} from './laboratory.ts';
import {bytesOf, changes, hostile, repetitions} from './texts.ts';

const words = fc.oneof(hostile, fc.string({maxLength: 12}));

const envLine = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('A', 'B', 'export C', ' D ', '__proto__', 'constructor', 'é', '1', ''),
      fc.constantFrom('=', ' = ', ': ', ''),
      fc.oneof(
        words,
        words.map((one) => `"${one}"`),
        words.map((one) => `'${one}'`),
        words.map((one) => `\`${one}`),
      ),
    )
    .map((parts) => parts.join('')),
  words,
  fc.tuple(hostile, repetitions).map(([part, times]) => part.repeat(Math.min(times, 20_000))),
);

export const envCases: fc.Arbitrary<Case> = fc
  .tuple(bytesOf(fc.array(envLine, {maxLength: 12}).map((lines) => lines.join('\n'))), fc.boolean())
  .map(([bytes, secret]) => ({kind: 'env', bytes: bytes.toString('base64'), secret}));

const numbers = fc.oneof(fc.integer(), fc.double({noNaN: true, noDefaultInfinity: true}));
const inputNames = fc.constantFrom('a', 'b', 'constructor', '__proto__', 'tostring');

export const inputCases: fc.Arbitrary<Case> = fc
  .record({
    inputs: fc.uniqueArray(
      fc.record(
        {
          name: inputNames,
          type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'list', 'map'),
          secret: fc.boolean(),
          default: fc.jsonValue(),
          minimum: numbers,
          maximum: numbers,
          pattern: fc.constantFrom('[a-z]+', '(a+)+$', '(a|a)*b', '.*'),
          choices: fc.array(fc.jsonValue(), {minLength: 1, maxLength: 3}),
        },
        {requiredKeys: ['name', 'type']},
      ),
      {selector: ({name}) => name, maxLength: 4},
    ),
    given: fc.array(
      fc.tuple(
        fc.oneof(inputNames, words),
        fc.oneof(
          words,
          fc.jsonValue(),
          fc.constantFrom(
            '{"__proto__": {"polluted": 1}}',
            '__proto__=1,a=2',
            '[',
            '1e999',
            '0x10',
            ' 7 ',
            'a,b',
            'a=1,b',
            `${'a'.repeat(60_000)}!`,
            '['.repeat(60_000),
          ),
        ),
      ),
    ),
  })
  .map((one) => ({kind: 'inputs', ...one}));

const documents = new URL('../../cli/import/', import.meta.url);
const DOCUMENTS = readdirSync(documents).map((name) => readFileSync(fileURLToPath(new URL(name, documents)), 'utf8'));

const command = fc
  .tuple(
    fc.constantFrom(
      'docker run',
      'docker exec',
      'docker',
      'curl',
      'echo',
      'cat',
      'export',
      'docker-machine create',
      'dig',
      'sudo',
      'cd',
      'for x in',
      'kubectl',
      '',
    ),
    fc.array(
      fc.oneof(
        fc.constantFrom(
          '-d',
          '--name',
          'web',
          '-p',
          '80:80',
          '-e',
          'A=1',
          '--',
          '|',
          '>',
          '>>',
          '<<EOF',
          'EOF',
          '&&',
          '$(docker-machine ip x)',
          '$X',
          '<your-name>',
          'http://x/',
        ),
        words,
      ),
      {maxLength: 8},
    ),
  )
  .map(([head, rest]) => `${head} ${rest.join(' ')}`);

const block = fc
  .tuple(
    fc.constantFrom('sh', 'console', 'bash', 'yaml', '', 'text', '~~~', '    '),
    fc.array(
      fc.oneof(
        command,
        command.map((one) => `$ ${one}`),
        words,
      ),
      {minLength: 1, maxLength: 6},
    ),
  )
  .map(([language, lines]) =>
    language === '    '
      ? lines.map((line) => `    ${line}`).join('\n')
      : `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``,
  );

const paragraph = fc.oneof(
  words,
  words.map((one) => `# ${one}`),
  words.map((one) => `\`${one}\` prints:`),
  block,
  block,
);

export const importCases: fc.Arbitrary<Case> = fc
  .oneof(
    fc.array(paragraph, {minLength: 1, maxLength: 8}).map((all) => all.join('\n\n')),
    fc.tuple(fc.constantFrom(...DOCUMENTS), changes).map(([document, change]) => change(document)),
  )
  // other texts are refused before
  .map((text) => text.replaceAll('\u0000', '').replace(/\p{Surrogate}/gu, ''))
  .filter((text) => text.split('\n').length <= 100_000 && text.split('\n').every((line) => line.length <= 90_000))
  .map((text) => ({kind: 'import', text}));
