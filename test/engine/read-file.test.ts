import {execFileSync} from 'node:child_process';
import {truncate, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {RunbookError} from '../../engine/errors.ts';
import {readRunbookFile} from '../../engine/read-file.ts';
import {inFolder, problemsOf} from './loading.ts';

const test = suite('read-file');

const refused = async (file: string): Promise<RunbookError> => {
  try {
    await readRunbookFile(file);
  } catch (error) {
    if (error instanceof RunbookError) return error;
    throw error;
  }
  return assert.unreachable('it was read') as never;
};

test('takes off a UTF-8 byte order mark', () =>
  inFolder({'a.yaml': '\ufeffname: a'}, async (dir) =>
    assert.is(await readRunbookFile(join(dir, 'a.yaml')), 'name: a'),
  ));

test('refuses what is no file', () =>
  inFolder({'d/a.yaml': ''}, async (dir) => {
    execFileSync('mkfifo', [join(dir, 'pipe')]);

    assert.is((await refused(join(dir, 'd'))).code, 'not-a-file');
    assert.is((await refused(join(dir, 'pipe'))).code, 'not-a-file');
    assert.is((await refused('/dev/zero')).code, 'not-a-file');
    assert.is((await refused(join(dir, 'none.yaml'))).code, 'no-such-runbook');
    assert.is((await refused(join(dir, 'd/a.yaml/b'))).code, 'no-such-runbook');
  }));

test('refuses a file of 50 MB without reading it', () =>
  inFolder({}, async (dir) => {
    const file = join(dir, 'big.yaml');
    await writeFile(file, 'name: big');
    await truncate(file, 50 * 1024 * 1024);

    const error = await refused(file);

    assert.is(error.code, 'file-too-large');
    assert.match(error.message, '50 MB');
  }));

test('says which encoding a file seems to have', async () => {
  const utf16 = Buffer.from('\ufeffname: a\n', 'utf16le');
  const cases: [Uint8Array, RegExp][] = [
    [utf16, /UTF-16 \(little endian\)/],
    [Buffer.from(utf16).swap16(), /UTF-16 \(big endian\)/],
    [Buffer.from('name: abc\n', 'utf16le'), /UTF-16/],
    [Buffer.from([0xff, 0xfe, 0, 0, 65, 0, 0, 0]), /UTF-32/],
    [Buffer.from('name: ü\n', 'latin1'), /Latin-1/],
    [Buffer.from([1, 0, 0, 0, 7]), /binary/],
  ];
  for (const [bytes, message] of cases) {
    const [problem] = await problemsOf(bytes);
    assert.is(problem?.code, 'bad-encoding');
    assert.match(problem?.message ?? '', message);
  }
});

test('gives the place of the first byte that is not UTF-8', async () => {
  const [problem] = await problemsOf(Buffer.from('name: a\ntitle: x\u00fc\n', 'latin1'));
  assert.is(`${problem?.place?.line}:${problem?.place?.column}`, '2:9');
});

test.run();
