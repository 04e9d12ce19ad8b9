import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {prints, quote, sh, variable} from '../../engine/sh.ts';

const test = suite('sh');

const typed = async (line: string, env: NodeJS.ProcessEnv = {}): Promise<string> =>
  (await promisify(execFile)('sh', ['-c', line], {env: {PATH: process.env.PATH, ...env}})).stdout;

const texts = fc.oneof(
  fc.string({unit: 'binary'}),
  fc.string({unit: fc.constantFrom("'", '"', '\\', '$', '`', ' ', '  ', '\n', '%', '-', '!', '#', '~', 'a', '\0')}),
);

test('any shell reads a quoted word as exactly its text', async () => {
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const word = text.replaceAll('\0', '');
      assert.is(await typed(sh`printf '<%s>' ${[word, word]} end`), `<${word}><${word}><end>`);
    }),
    {numRuns: 100},
  );
});

test('prints any text exactly, also NUL', async () => {
  await fc.assert(
    fc.asyncProperty(texts, async (text) => assert.is(await typed(prints(text)), text)),
    {numRuns: 100},
  );
});

test('an empty list leaves nothing behind, and spaces in values stay', () => {
  assert.is(sh`docker run ${[]} ${['-p', '80:80']} ${[]} ${'web'} ${[]}`, 'docker run -p 80:80 web');
  assert.is(sh`echo ${"a  b'  c"}`, `echo 'a  b'\\''  c'`);
  assert.is(sh`${[]} ls`, 'ls');
});

test('a variable stands in double quotes, its neighbours in single ones', async () => {
  const word = `it's ${variable('A')} $B`;

  assert.is(quote(word), `'it'\\''s '"$A"' $B'`);
  assert.is(await typed(sh`printf %s ${word}`, {A: '  "x"  $C'}), `it's   "x"  $C $B`);
});

test.run();
