import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, program} from '../cli-rig.ts';
import {consulAgent, consulTest} from '../consul-agent.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {IMAGE} from '../docker-rig.ts';
import {canTrace} from '../tools.ts';
import {leaksIn} from './canaries.ts';

const test = suite('exposure by the outside');
const withDocker = engineTest(test);
const withConsul = consulTest(test);
const withTrace = canTrace('tests that look at command lines') ? withDocker : test.skip;

const SECRET = 'cnry-t0ken-4711';
const GIVEN = {RUNBOOK_INPUT_TOKEN: SECRET};

/** A step that hands on a secret without a word: so it gets to options where none may stand. */
const HEAD = `title: What the outside says of a secret
inputs: {token: {secret: true}}
steps:
  - id: tell
    run: echo \${{ inputs.token }}
`;

/** Everything that was printed, and every file of the state directory but for the key. */
const left = (rig: CliRig, printed: readonly string[]): string => {
  const state = join(rig.dir, '.runbook');
  const files = readdirSync(state, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile() && entry.name !== 'key')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  return [...printed, ...files].join('\n');
};

/** Runs it in every way that tells of a failure, and sees that none tells the secret. */
const failsWithoutLeak = async (rig: CliRig, env: Readonly<Record<string, string>>): Promise<string> => {
  const printed: string[] = [];
  for (const args of [
    ['run', './said.yaml', '--debug'],
    ['resume', '--debug', '--json'],
    ['log', '--json'],
    ['status'],
    ['report', '-o', '-'],
    ['undo', '--yes'],
  ]) {
    const {stdout, stderr, code} = await rig.runbook(args, {env: {...GIVEN, ...env}});
    printed.push(stdout, stderr);
    if (/run|resume/.test(args[0] ?? '')) assert.is(code, 1, stderr);
  }
  const all = left(rig, printed);
  assert.equal(leaksIn(all, {token: SECRET}), []);
  return all;
};

withDocker(
  'what a Docker Engine says of a secret in its refusal is masked',
  cliTest(async (rig) => {
    const {env} = await testEngine();
    await rig.write({
      'said.yaml': `name: said\n${HEAD}  - id: start
    uses: docker.run
    with: {name: said-by-docker, image: "nowhere/\${{ steps.tell.outputs.stdout.trim() }}:1"}
`,
    });

    const said = await failsWithoutLeak(rig, env);

    assert.match(said, /image \\?"nowhere\/\*\*\*:1\\?" is not here/);
  }),
);

withConsul(
  'what a Consul agent says of a secret in its refusal is masked',
  cliTest(async (rig) => {
    const {address} = await consulAgent();
    const service = `{name: said-by-consul, meta: {"no key!": "\${{ steps.tell.outputs.stdout.trim() }}"}}`;
    await rig.write({
      'said.yaml': `name: said\n${HEAD}  - id: register
    uses: consul.register
    with: {address: "${address}", service: ${service}}
`,
    });

    const said = await failsWithoutLeak(rig, {});

    assert.match(said, /answered 400: .*\('no key!', '\*\*\*'\)/);
  }),
);

const COMPOSE = `services:
  web:
    image: ${IMAGE}
    command: [sleep, "100000"]
    environment: [TOKEN]
`;

withTrace(
  'no secret is in the command line of what is started for containers',
  cliTest(async (rig) => {
    const engine = await testEngine();
    await engine.load(IMAGE);
    const name = 'said-by-nobody';
    await rig.write({
      'compose.yaml': COMPOSE,
      'said.yaml': `name: said\n${HEAD}  - id: start
    uses: docker.run
    with: {name: ${name}, image: "${IMAGE}", command: [sleep, "100000"], env: {TOKEN: "\${{ inputs.token }}"}}
  - id: inside
    uses: docker.exec
    with:
      container: ${name}
      command: [sh, -c, 'test -n "$TOKEN" && cat']
      env: {TOKEN: "\${{ inputs.token }}"}
      stdin: \${{ inputs.token }}
  - id: together
    uses: compose.up
    with: {project: ${name}, file: compose.yaml, env: {TOKEN: "\${{ inputs.token }}"}}
  - id: typed
    uses: shell
    with: {run: 'docker exec -e TOKEN ${name} sh -c ''echo "$TOKEN"''', env: {TOKEN: "\${{ inputs.token }}"}}
`,
    });
    const env = {...GIVEN, ...engine.env};
    const trace = (file: string, args: readonly string[]) =>
      rig.runbook(args, {
        command: ['strace', '-f', '-qq', '-s', '100000', '-e', 'trace=execve,execveat', '-o', file, ...program],
        env,
      });

    const ran = await trace('run.trace', ['run', './said.yaml']);
    const undone = await trace('undo.trace', ['undo', '--yes']);

    assert.is(ran.code, 0, ran.stderr);
    assert.is(undone.code, 0, undone.stderr);
    const traced = (await rig.read('run.trace')) + (await rig.read('undo.trace'));
    assert.match(traced, /execve\("[^"]*docker[^"]*", \[[^\]]*"compose"/);
    assert.match(traced, /execve\("[^"]*docker[^"]*", \[[^\]]*"exec"/);
    assert.equal(
      leaksIn(traced + left(rig, [ran.stdout, ran.stderr, undone.stdout, undone.stderr]), {token: SECRET}),
      [],
    );
  }, 180_000),
);

test.run();
