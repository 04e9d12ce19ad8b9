import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {searchBorder, searchFile, searchName} from '../../engine/audit-search.ts';
import {SecretSearch} from '../../engine/secret-search.ts';

const test = suite('audit search');

const SECRET = 'pässw0rd-of-mine';

const withFiles = (
  texts: Readonly<Record<string, string | Buffer>>,
  body: (path: (name: string) => string) => void,
) => {
  const dir = mkdtempSync(join(tmpdir(), 'audit-search-'));
  const path = (name: string): string => join(dir, name);
  try {
    for (const [name, text] of Object.entries(texts)) writeFileSync(path(name), text);
    body(path);
  } finally {
    rmSync(dir, {recursive: true});
  }
};

const searchFor = (...secrets: readonly string[]): SecretSearch => {
  const search = new SecretSearch();
  for (const [index, secret] of secrets.entries()) search.add(secret, `secret ${index + 1}`);
  return search;
};

const brief = ({leaks}: ReturnType<typeof searchFile>) =>
  leaks.map(({line, column, offset, secret, encoding, isPart}) => [line, column, offset, secret, encoding, isPart]);

test('says line, column and byte of each place, the name and the encoding', () => {
  const json = JSON.stringify(JSON.stringify({k: `${SECRET}"`}));
  const text = `one\nüber ${SECRET}\n${json}\n${encodeURIComponent(SECRET)}`;
  withFiles({text}, (path) => {
    const found = searchFile(searchFor(SECRET, 'never-there'), path('text'));
    const [url] = text.split('\n').slice(-1);
    assert.equal(brief(found), [
      [2, 6, 10, 'secret 1', 'plain', false],
      [
        3,
        json.indexOf('p') + 1,
        Buffer.byteLength(text.slice(0, text.indexOf(json))) + json.indexOf('p'),
        'secret 1',
        'plain',
        false,
      ],
      [4, 1, Buffer.byteLength(text) - Buffer.byteLength(url ?? ''), 'secret 1', 'URL', false],
    ]);
    assert.is(found.bytes, Buffer.byteLength(text));
  });
});

test('of places that overlap it tells the longest', () => {
  withFiles({text: 'x first-and-second y'}, (path) => {
    assert.equal(
      brief(searchFile(searchFor('first', 'first-and-second', 'and-second'), path('text'))).map(([, , , name]) => name),
      ['secret 2'],
    );
  });
});

test('calls a line of several a part', () => {
  withFiles({text: 'x\nline-of-two z'}, (path) => {
    assert.equal(brief(searchFile(searchFor('line-of-one\nline-of-two'), path('text'))), [
      [2, 1, 2, 'secret 1', 'plain', true],
    ]);
  });
});

test('loses nothing between the pieces in which a large file is read', () => {
  const piece = 8 * 1024 * 1024;
  const filler = Buffer.alloc(piece - 10, 'üx\n');
  const behind = Buffer.alloc(64 * 1024 - 5, '.');
  const text = Buffer.concat([filler, Buffer.from(SECRET), behind, Buffer.from(SECRET), Buffer.from('\nend')]);
  withFiles({text}, (path) => {
    const found = brief(searchFile(searchFor(SECRET), path('text')));
    assert.equal(
      found.map(([, , offset]) => offset),
      [filler.length, filler.length + Buffer.byteLength(SECRET) + behind.length],
    );
    assert.is(found[0]?.[0], filler.toString().split('\n').length);
  });
});

test('finds what begins in one file of a log and ends in the next', () => {
  withFiles({'a.log': `begin\n12 ${SECRET.slice(0, 6)}`, 'a.tail1': `${SECRET.slice(6)} end`}, (path) => {
    const search = searchFor(SECRET);
    assert.equal(searchFile(search, path('a.log')).leaks, []);
    const [leak, ...others] = searchBorder(search, path('a.log'), path('a.tail1'));
    assert.is(others.length, 0);
    assert.equal([leak?.file, leak?.line, leak?.column], [path('a.log'), 2, 4]);
  });
});

test('reads the name of a file', () => {
  const [leak] = searchName(searchFor('a-secret'), '/x/a-secret.log', 'a-secret.log');
  assert.equal([leak?.line, leak?.secret], [0, 'secret 1']);
});

test.run();
