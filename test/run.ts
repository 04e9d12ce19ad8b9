/**
 * Runs all tests, or those whose path matches a pattern: `node --import tsx test/run.ts docker-run`.
 * They share one Docker Engine and run inside its network, so `localhost:8500` is a port of its containers, and the
 * user's own engine and ports are out of reach.
 */
import {spawn} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {stripVTControlCharacters} from 'node:util';
import {sharing, startEngine, type TestEngine, whyNoEngine} from './docker-engine.ts';
import {neededImages} from './needed-images.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const engineOrNone = async (): Promise<TestEngine | undefined> => {
  const reason = whyNoEngine();
  if (reason === undefined) return startEngine();
  console.error(`NO DOCKER ENGINE FOR THE TESTS: ${reason}. Tests that need one are skipped; in CI they fail.`);
  return undefined;
};

// what would lead a client past DOCKER_HOST
const {DOCKER_CONTEXT: _context, DOCKER_TLS_VERIFY: _tls, DOCKER_CERT_PATH: _path, ...inherited} = process.env;

/** Runs uvu, shows what it prints, and gives back its exit code and all of that. */
const runTests = (engine: TestEngine | undefined, pattern: string): Promise<{code: number; printed: string}> =>
  new Promise((resolve, reject) => {
    const uvu = [process.execPath, '--import', 'tsx', 'node_modules/uvu/bin.js', 'test', pattern];
    const [file = '', ...args] = [...(engine?.inside ?? []), ...uvu];
    const colour = process.stdout.isTTY ? {FORCE_COLOR: '1'} : {};
    const child = spawn(file, args, {
      cwd: root,
      env: {...inherited, ...colour, ...(engine ? sharing(engine) : {})},
      stdio: ['inherit', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      printed += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({code: code ?? 1, printed}));
  });

const countOf = (word: string, printed: string): number =>
  Number(new RegExp(`${word}:\\s+(\\d+)`).exec(printed)?.[1] ?? 0);

/** The failures that uvu has printed among thousands of lines, each with its first lines. */
const failuresIn = (printed: string): string[] =>
  stripVTControlCharacters(printed)
    .split(/^(?= {3}FAIL )|^\S+\.test\.ts\n|^ {2}Total: /m)
    .filter((part) => part.startsWith('   FAIL '))
    .map((part) => part.trimEnd().split('\n').slice(0, 60).join('\n'));

const engine = await engineOrNone();
try {
  const patterns = process.argv.slice(2).map((pattern) => pattern.replace(/^(\.\/)?test\//, ''));
  const pattern = patterns.length > 0 ? `(${patterns.join('|')}).*\\.test\\.ts$` : '\\.test\\.ts$';
  await Promise.all(neededImages(pattern).map((image) => engine?.load(image)));
  const {code, printed} = await runTests(engine, pattern);

  const [total, passed, skipped] = ['Total', 'Passed', 'Skipped'].map((word) => countOf(word, printed)) as [
    number,
    number,
    number,
  ];
  // a long output is often kept by its end alone
  if (total > 100) for (const failure of failuresIn(printed)) console.log(`\nonce more:\n${failure}`);
  // a run that broke off has counted nothing, or not all
  const failed = Math.max(total - passed, code === 0 ? 0 : 1);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 || total === 0 ? 1 : 0;
} finally {
  await engine?.stop();
}
