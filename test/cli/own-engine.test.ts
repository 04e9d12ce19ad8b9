import {chmodSync, readFileSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest} from '../cli-rig.ts';

const test = suite('an engine of our own');

/**
 * In the place of `unshare`, which ends all that the engine has started: one that ends a second after it was told to, and
 * leaves behind a process that has its output.
 */
const LEAVING = `#!/bin/sh
sleep 600 2>/dev/null &
echo $! >"$LEFT"
echo answers
cat >/dev/null
sleep 1
`;

/** Starts an engine and stops it, and has nothing else to wait for. */
const STOPPING = `
import {existsSync} from 'node:fs';
import {startOwnEngine} from ${JSON.stringify(new URL('../../cli/own-engine.ts', import.meta.url).href)};
const engine = await startOwnEngine(process.env);
console.log('it answers');
await engine.stop();
console.log(existsSync(engine.env.DOCKER_CONFIG) ? 'stopped, and its folder is there' : 'stopped, and its folder is gone');
`;

test(
  'is waited for until its process has ended, also where another one keeps its output open',
  cliTest(async (rig) => {
    const left = join(rig.dir, 'left');
    const pid = (): number => Number(readFileSync(left, 'utf8'));
    rig.owns({printed: () => '', end: () => void (rig.exists('left') && process.kill(pid(), 'SIGKILL'))});
    await rig.write({'bin/unshare': LEAVING});
    chmodSync(join(rig.dir, 'bin/unshare'), 0o755);
    const PATH = [join(rig.dir, 'bin'), process.env.PATH].join(delimiter);
    const node = [process.execPath, '--import', import.meta.resolve('tsx'), '--input-type=module'] as const;

    const {stdout, stderr, code} = await rig.start(['--eval', STOPPING], {
      command: node,
      env: {PATH, LEFT: left, TMPDIR: rig.dir},
    }).ended;

    assert.is(stdout, 'it answers\nstopped, and its folder is gone\n', stderr);
    assert.is(code, 0, stderr);
    assert.ok(process.kill(pid(), 0), 'its output was open all the while');
  }),
);

test.run();
