import {existsSync, readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'uvu';
import * as assert from 'uvu/assert';
import {CODES, EXIT} from '../../engine/index.ts';
import {cliTest} from '../cli-rig.ts';
import {blocksOf, projectFile, readProject, tableUnder} from './blocks.ts';

const PAGES = readdirSync(projectFile('docs')).filter((name) => name.endsWith('.md'));
const DOCUMENTS = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/tutorials/README.md'],
  ...PAGES.map((name) => `docs/${name}`),
];
const readme = readProject('README.md');

test('the first two commands of the README run the cluster and the tests', () => {
  const [run, tests] = blocksOf(readme).filter(({language}) => language === 'sh');
  assert.is(run?.text, 'npm ci && npx runbook run consul-cluster --provision\n');
  assert.is(tests?.text, 'npm ci && npm test\n');
});

test(
  'the README lists every command of the program, as the help gives its arguments',
  cliTest(async (rig) => {
    const {stdout} = await rig.runbook(['--help']);
    const commands = /^Commands:\n([\s\S]*?)\n\n/m.exec(stdout)?.[1] ?? '';
    const names = [...commands.matchAll(/^ {2}(\w+)/gm)].map((match) => match[1]).filter((name) => name !== 'help');

    const listed = tableUnder(readme, 'command').map(([usage = '']) => usage.split(' ')[0]);

    assert.ok(names.length > 5, stdout);
    assert.equal(listed, names);
  }),
);

test('the README lists every error code with its exit code', () => {
  const listed = tableUnder(readme, 'code').length;
  const rows = tableUnder(readme.slice(readme.indexOf('## Errors')), 'code');
  assert.ok(listed > 0);
  assert.equal(
    rows.map(([code, exit]) => `${code} ${exit}`),
    Object.entries(CODES).map(([code, exit]) => `${code} ${exit}`),
  );
  for (const [code, , advice] of rows) assert.ok((advice ?? '').length > 10, `${code}: what to do?`);
});

test('the README lists every exit code', () => {
  const listed = tableUnder(readme, 'code').flatMap(([codes = '']) => codes.split(', ').map(Number));
  for (const code of Object.values(EXIT)) assert.ok(listed.includes(code), String(code));
});

/** Every command line of a document: in blocks, and in code within the text. */
const commandLines = (markdown: string): string[] => {
  const blocks = blocksOf(markdown).filter(({language}) => ['sh', 'text'].includes(language));
  const inText = [...markdown.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  return [...blocks.flatMap(({text}) => text.split('\n')), ...inText].flatMap((line) =>
    line.split(/&&|\|\||[|>]/).flatMap((part) => /^\s*(?:\$ )?(?:npx )?runbook ([a-z].*)$/.exec(part)?.[1] ?? []),
  );
};

test(
  'every command of the documents exists, with its options',
  cliTest(async (rig) => {
    const lines = DOCUMENTS.flatMap((document) => commandLines(readProject(document)));
    assert.ok(lines.length > 30);
    const names = [...new Set(lines.map((line) => line.split(' ')[0] ?? ''))];
    const helps = await Promise.all(names.map(async (name) => [name, await rig.runbook([name, '--help'])] as const));
    const help = new Map(helps);

    for (const line of lines) {
      const [name = '', ...words] = line.split(' ');
      assert.is(help.get(name)?.code, 0, line);
      for (const word of words.filter((one) => one.startsWith('--')))
        assert.match(help.get(name)?.stdout ?? '', new RegExp(`${word}\\b`), line);
    }
  }),
);

/** The anchor that a heading gets on the usual hosts of repositories. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

const anchorsOf = (markdown: string): string[] =>
  [...markdown.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)].map((match) => anchorOf(match[1] ?? ''));

for (const document of DOCUMENTS)
  test(`every link of ${document} leads somewhere`, () => {
    const text = readProject(document);
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? document : join(dirname(document), path);
      assert.ok(existsSync(projectFile(target)), `${link}: no such file`);
      if (anchor !== undefined) assert.ok(anchorsOf(readProject(target)).includes(anchor), `${link}: no such heading`);
    }
  });

test('docs/README.md leads to every page', () => {
  const index = readProject('docs/README.md');
  for (const page of PAGES) assert.ok(page === 'README.md' || index.includes(`](${page})`), page);
});

test('nothing in the documents speaks of the machine that they were written on', () => {
  for (const document of DOCUMENTS) assert.not.match(readProject(document), /\/(?:work|root|home\/\w+)\//, document);
});

test.run();
