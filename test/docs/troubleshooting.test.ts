import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {CODES} from '../../engine/index.ts';
import {readProject} from './blocks.ts';

const test = suite('docs/troubleshooting.md');

const document = readProject('docs/troubleshooting.md');

/** What is said of each code, in the order of the page. */
const sections = new Map(
  document
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [title = '', ...lines] = section.split('\n');
      return [title, lines.join('\n').split(/^## /m)[0] ?? ''] as const;
    }),
);

/** Without what is typed and shown. */
const prose = (text: string): string => text.replace(/^<!--[\s\S]*?^-->$|^```[\s\S]*?^```$/gm, '').trim();

test('has every code, in the order of engine/errors.ts, and no other', () => {
  assert.equal([...sections.keys()], Object.keys(CODES));
});

test('says of each why it is, and what to do', () => {
  for (const [code, text] of sections) assert.ok(prose(text).split(/[.?:] /).length >= 2, code);
});

test('shows of each picture the code that it stands for', () => {
  const pictures = [...sections].filter(([, text]) => text.includes('```text\n$ '));

  assert.ok(pictures.length > 45, String(pictures.length));
  for (const [code, text] of pictures) assert.ok(text.includes(`[${code}]`), code);
});

test('names the exit codes, wherever they are not 1', () => {
  const [, runbook = '', typed = '', state = '', run = ''] = document.split(/^## /m);
  for (const [code, exit] of Object.entries(CODES)) {
    const part = [runbook, typed].find((one) => one.includes(`### ${code}\n`));
    const text = part === undefined ? (sections.get(code) ?? '') : part;
    if (exit !== 1) assert.match(text, new RegExp(`[Ee]xit codes? (\\d+, )*${exit}\\b`), code);
  }
  assert.ok(state.includes('journal-damaged') && run.includes('Exit code 1'));
});

test.run();
