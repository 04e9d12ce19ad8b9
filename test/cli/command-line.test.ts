import {spawnSync} from 'node:child_process';
import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {inOneLine, mayBeIndented, pasteable} from '../../cli/command-line.ts';
import {prints} from '../../engine/sh.ts';

const test = suite('command lines to paste');

const MARGIN = ' '.repeat(12);

test('are indented where blanks mean nothing to a shell', () => {
  assert.equal(pasteable('(\nset -eu\necho a\n)', '  ran       ', MARGIN), [
    '  ran       (',
    `${MARGIN}set -eu`,
    `${MARGIN}echo a`,
    `${MARGIN})`,
  ]);
  assert.ok(mayBeIndented('docker run \\\n  --name web'));
  assert.ok(mayBeIndented('# it\'s a comment\necho "a # b"'));
});

test('stand at the very left where blanks would change what they mean', () => {
  assert.equal(pasteable("printf '%s' 'a\nb'", '  ran       ', MARGIN), [
    '  ran       (these 2 lines, from the left margin on)',
    "printf '%s' 'a",
    "b'",
  ]);
  for (const text of ['cat <<EOF\na\nEOF', 'echo "a\nb"', 'echo a\\\nb', "echo $'a\nb'", 'echo `a\nb`'])
    assert.not.ok(mayBeIndented(text), text);
});

test('print what they printed, however they are shown, when the shell gets what was shown', () => {
  const text = fc.string({unit: fc.constantFrom('a', '\n', "'", '"', '\\', '#', ' ', '$', '<'), maxLength: 12});
  fc.assert(
    fc.property(text, text, (first, second) => {
      const command = `${prints(first)}\n${prints(second)}`;
      const [head = '', ...rest] = pasteable(command, '', MARGIN);
      const shown = head.startsWith('(these') ? rest : [head, ...rest];
      const said = (line: string): string => spawnSync('sh', ['-c', line]).stdout.toString('latin1');
      assert.is(said(shown.join('\n')), said(command));
    }),
    {numRuns: 60},
  );
});

test('fit in one line where only one has room', () => {
  assert.is(inOneLine('(\nset -eu\necho a \\\n  b\n)'), 'set -eu; echo a b');
});

test.run();
