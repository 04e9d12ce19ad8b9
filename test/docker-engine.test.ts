import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {dirname} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {engineTest, testEngine} from './docker-engine.ts';

const test = suite("the tests' own engine");
const withEngine = engineTest(test);
const run = promisify(execFile);

withEngine('publishes a port that is taken on the machine, and only inside its own network', async () => {
  const engine = await testEngine();
  await engine.load('runbook/test:1');
  const env = {...process.env, ...engine.env};
  const page = 'mkdir -p /www && echo hello >/www/index.html && exec httpd -f -h /www';
  const taker = "require('net').createServer().listen(18500, () => console.log('taken'))";
  const [outer = process.execPath, ...rest] = [...engine.outside, process.execPath, '-e', taker];
  const taken = spawn(outer, rest, {stdio: ['ignore', 'pipe', 'inherit']});
  await once(taken.stdout, 'data');
  const {stdout} = await run('docker', ['run', '-d', '-p', '18500:80', 'runbook/test:1', 'sh', '-c', page], {env});

  const [file = '', ...args] = [
    ...engine.inside,
    'curl',
    '-s',
    '--retry',
    '20',
    '--retry-connrefused',
    '--retry-delay',
    '0',
  ];
  const inside = await run(file, [...args, 'http://localhost:18500/'], {env});
  assert.is(inside.stdout, 'hello\n');

  await run('docker', ['rm', '-f', stdout.trim()], {env});
  taken.kill();
});

withEngine('goes with the process that started it, killed or not', async () => {
  const program = `
    import {startEngine} from ${JSON.stringify(fileURLToPath(new URL('./docker-engine.ts', import.meta.url)))};
    const engine = await startEngine();
    console.log(engine.env.DOCKER_HOST);
    setTimeout(() => {}, 60_000);`;
  const {RUNBOOK_TEST_DOCKER_HOST: _, ...env} = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {env});
  const socket = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk) => resolve(String(chunk).trim().slice('unix://'.length)));
    child.once('exit', () => reject(new Error('ended before its engine answered')));
  });
  assert.ok(existsSync(socket));

  child.kill('SIGKILL');

  for (let looks = 0; existsSync(dirname(socket)) && looks < 100; looks++) await pause(50);
  assert.not.ok(existsSync(dirname(socket)), 'its folder is gone');
});

test.run();
