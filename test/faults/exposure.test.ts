import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {readdirSync, readFileSync} from 'node:fs';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended, program} from '../cli-rig.ts';
import {canTrace, hasTools} from '../tools.ts';
import {leaksIn} from './canaries.ts';

const test = suite('exposure');
const withStrace = canTrace('tests that look at command lines') ? test : test.skip;
const onTerminal = hasTools('script') ? test : test.skip;

const RUNBOOK = readFileSync(fileURLToPath(new URL('leaky.yaml', import.meta.url)), 'utf8');

const SECRETS: Readonly<Record<string, string>> = {
  token: 'cnry-T0k3n/"x"\\y+&<z> ü\'q\'$(id)',
  pin: '73915846',
  password: 'cnry-map-pa55word',
  listed: 'cnry-listed-0ne',
  key: '-----BEGIN CNRY KEY-----\nY25yeS1rZXktbGluZS1vbmU9\nY25yeS1rZXktbGluZS10d28=\n-----END CNRY KEY-----\n',
  env: 'cnry-env-file-s3cret',
  environment: 'cnry-process-env-s3cret',
  output: 'cnry-secret-output-77',
  nested: 'cnry-secret-output-77-deep',
  derived: 'CNRY-MAP-PA55WORD',
  joined: 'cnry_map_pa55word',
};

const ENV: Readonly<Record<string, string>> = {
  RUNBOOK_INPUT_TOKEN: SECRETS.token ?? '',
  RUNBOOK_INPUT_PIN: SECRETS.pin ?? '',
  RUNBOOK_INPUT_CREDENTIALS: JSON.stringify({user: 'bob', password: SECRETS.password}),
  RUNBOOK_INPUT_LIST: JSON.stringify([SECRETS.listed, 'abcd']),
  LEAKY_OVERRIDDEN: SECRETS.environment ?? '',
  RUNBOOK_INPUT_KEY: SECRETS.key ?? '',
};

/** Answers with all that it was asked, in the encodings that servers use. */
const startEcho = async (): Promise<{url: string; stop(): void}> => {
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const asked = {headers: request.headers, body, form: new URLSearchParams({body}).toString()};
    response.writeHead(request.url === '/ok' ? 200 : 500, {'x-echo': encodeURIComponent(body)});
    response.end(JSON.stringify({...asked, basic: Buffer.from(`u:${body}`).toString('base64')}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

interface Scene {
  readonly rig: CliRig;
  /** Everything that was printed, by what was typed. */
  readonly printed: Map<string, string>;
  call(...args: string[]): Promise<Ended>;
}

const scene = (body: (scene: Scene) => Promise<void>) =>
  cliTest(async (rig) => {
    const echo = await startEcho();
    const printed = new Map<string, string>();
    await rig.write({
      'work/runbooks/leaky.yaml': RUNBOOK,
      'work/env/leaky.env': 'LEAKY_TOKEN=place\nLEAKY_PLACE=here\n',
      'work/env/leaky-secrets.env': `LEAKY_SECRET=${SECRETS.env}\nLEAKY_OVERRIDDEN=not-this-one\n`,
      'hidden/output': `${SECRETS.output}\n`,
    });
    const call = async (...args: string[]): Promise<Ended> => {
      const url = /^(run|plan)$/.test(args[0] ?? '') ? ['--set', `url=${echo.url}`] : [];
      const ended = await rig.runbook([...args, ...url], {cwd: join(rig.dir, 'work'), env: ENV});
      printed.set(args.join(' '), ended.stdout + ended.stderr);
      return ended;
    };
    try {
      await body({rig, printed, call});
    } finally {
      echo.stop();
    }
  }, 120_000);

/** What gives a secret away to anybody who can guess it. */
const hashesOf = (secrets: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const {token = '', password = ''} = secrets;
  const contents = {...secrets, file: `token=${token}\npassword=${password}\n`};
  return Object.fromEntries(
    Object.entries(contents).flatMap(([name, text]) =>
      ['md5', 'sha1', 'sha256'].map((kind) => [`${kind} of ${name}`, createHash(kind).update(text).digest('hex')]),
    ),
  );
};

/** Every file of the state directory, but for the key. */
const artefacts = ({rig, printed}: Scene): ReadonlyMap<string, string> => {
  const state = join(rig.dir, 'work/.runbook');
  const files = readdirSync(state, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile() && entry.name !== 'key')
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map([
    ...printed,
    ...files.map((file): [string, string] => [file, `${file}\n${readFileSync(file, 'utf8')}`]),
  ]);
};

const assertNoLeak = (scene: Scene): void => {
  const all = {...SECRETS, ...hashesOf(SECRETS)};
  const leaks = [...artefacts(scene)].flatMap(([where, text]) => leaksIn(text, all).map((leak) => `${where}: ${leak}`));
  assert.is(leaks.join('\n\n'), '');
};

test(
  'no secret is in anything that a run prints or leaves',
  scene(async (scene) => {
    const {call} = scene;
    const ran = await call('run', 'leaky');
    assert.is(ran.code, 0, ran.stderr);
    for (const args of [
      ['status'],
      ['status', '--json'],
      ['log'],
      ['log', '--json'],
      ['runs', '--json'],
      ['undo', '--plan'],
      ['undo', '--plan', '--json'],
      ['resume', '--plan', '--json'],
    ])
      await call(...args);
    for (const args of [
      ['plan', 'leaky'],
      ['plan', 'leaky', '--json'],
      ['validate', 'runbooks/leaky.yaml'],
      ['schema'],
    ])
      await call(...args);
    for (const format of ['text', 'sh', 'json']) await call('show', 'leaky', '--format', format);
    const audited = await call('audit', '--json');
    assert.equal((JSON.parse(audited.stdout) as {leaks: unknown}).leaks, []);
    await call('run', 'leaky', '--json', '--debug');
    assert.is((await call('undo', '--yes')).code, 0);

    assertNoLeak(scene);
  }),
);

test(
  'no secret is in what is told of a failure',
  scene(async (scene) => {
    const {call} = scene;
    assert.is((await call('run', 'leaky', '--keep-going', '--set', 'mode=fails')).code, 1);
    assert.is((await call('resume', '--debug', '--keep-going')).code, 1);
    assert.is((await call('resume', '--json', '--debug', '--keep-going')).code, 1);
    for (const args of [['status'], ['resume', '--plan'], ['log'], ['log', '--json'], ['undo', '--yes', '--json']])
      await call(...args);

    assertNoLeak(scene);
  }),
);

withStrace(
  'no secret is in the command line of a process that a run starts',
  scene(async (scene) => {
    const {rig, call} = scene;
    await call('plan', 'leaky');
    const traced = await rig.runbook(['run', 'leaky', '--set', 'url=http://127.0.0.1:1'], {
      command: ['strace', '-f', '-qq', '-s', '100000', '-e', 'trace=execve,execveat', '-o', '../trace', ...program],
      cwd: join(rig.dir, 'work'),
      env: ENV,
    });

    assert.is(traced.code, 1, traced.stderr);
    const trace = await rig.read('trace');
    // the run itself, its shells, and what these have started
    for (const name of ['node', '/sh', '/base64', '/cut']) assert.match(trace, new RegExp(`execve\\("[^"]*${name}"`));
    assert.equal(leaksIn(trace, SECRETS), []);
  }),
);

onTerminal(
  'no secret is drawn on a terminal',
  scene(async (scene) => {
    const {rig, printed, call} = scene;
    await call('plan', 'leaky');
    const line = `stty cols 200 rows 60; exec ${program.map((word) => `'${word}'`).join(' ')} run leaky --keep-going --set mode=fails --set url=http://127.0.0.1:1`;
    const ended = await rig.runbook(['-qefc', line, '/dev/null'], {
      command: ['script'],
      cwd: join(rig.dir, 'work'),
      env: {...ENV, TERM: 'xterm-256color'},
    });
    printed.set('terminal', ended.stdout);

    assert.match(ended.stdout, 'not yet');
    assertNoLeak(scene);
  }),
);

test.run();
