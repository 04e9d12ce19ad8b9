import {readdirSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest} from '../cli-rig.ts';

const test = suite('help');
/** As typed: `runs`, `runs prune`. */
const commands = readdirSync(new URL('../../cli/commands', import.meta.url), {recursive: true, encoding: 'utf8'})
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace('.ts', '').replace('/', ' '));

test(
  'every command has an example that begins with it',
  cliTest(async (rig) => {
    await Promise.all(
      commands.map(async (name) => {
        const {code, stdout} = await rig.runbook([...name.split(' '), '--help']);
        assert.is(code, 0, name);
        assert.match(stdout, new RegExp(`Examples:\n {2}runbook ${name}\\b`));
      }),
    );
  }),
);

test(
  'lists every command',
  cliTest(async (rig) => {
    const {code, stdout} = await rig.runbook(['--help']);
    assert.is(code, 0);
    for (const name of commands) if (!name.includes(' ')) assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
  }),
);

test(
  'without a command shows the help, as an error',
  cliTest(async (rig) => {
    const {code, stderr} = await rig.runbook([]);
    assert.is(code, 2);
    assert.match(stderr, 'Usage: runbook');
  }),
);

test(
  '--version tells this program from others of its name',
  cliTest(async (rig) => {
    const {code, stdout} = await rig.runbook(['--version']);
    assert.is(code, 0);
    assert.match(stdout, /^runbook \d+\.\d+\.\d+ \(runbook-engine: executable operations documents\)\n$/);
  }),
);

test.run();
