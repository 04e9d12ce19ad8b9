import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest} from '../cli-rig.ts';
import {engineTest} from '../docker-engine.ts';
import {dockerEnv, IMAGE} from '../docker-rig.ts';
import {OPEN, opensShell} from '../menu-rig.ts';
import {type Pty, startPty} from '../pty.ts';

const test = suite('the menu of a failed step of a container');
const withEngine = engineTest(test);

/** What leads a client to the tests' engine. */
const endpoint = async (): Promise<Record<string, string>> => {
  const {DOCKER_HOST = '', DOCKER_CONFIG = ''} = await dockerEnv();
  return {DOCKER_HOST, DOCKER_CONFIG};
};

interface Scene {
  readonly rig: CliRig;
  /** Of the container; unique. */
  readonly name: string;
  readonly env: Record<string, string>;
  /** What docker says, trimmed. */
  docker(...args: string[]): Promise<string>;
  run(runbook: string, more?: Record<string, string>): Promise<Pty>;
}

const inScene = (body: (scene: Scene) => Promise<void>): (() => Promise<void>) =>
  cliTest(async (rig) => {
    const env = await endpoint();
    const name = `rbt-${rig.dir.slice(-6).toLowerCase()}`;
    const docker: Scene['docker'] = async (...args) =>
      (await rig.start(args, {command: ['docker'], env}).ended).stdout.trim();
    const run: Scene['run'] = async (runbook, more = {}) => {
      await rig.write({'runbooks/box.yaml': `name: box\ntitle: A container\nsteps:\n${runbook}`});
      const pty = startPty(rig, ['run', 'box'], {env: {...env, ...more}});
      await pty.says(OPEN);
      return pty;
    };
    try {
      await body({rig, name, env, docker, run});
    } finally {
      await docker('rm', '-f', '-v', name);
    }
  }, 120_000);

const box = (name: string): string =>
  `  - {id: box, uses: docker.run, with: {name: ${name}, image: "${IMAGE}", command: [sleep, "1000"]}}\n`;

withEngine(
  'opens a shell inside the container of docker.exec, where the command is run, and goes on',
  inScene(async ({name, docker, run}) => {
    const pty = await run(
      `${box(name)}  - id: look\n    uses: docker.exec\n    with: {container: ${name}, workdir: /tmp, user: root, env: {MODE: "very fast"}, command: [test, -f, /tmp/go]}\n`,
    );
    assert.match(pty.text(), '[i]nside  a shell inside its container');

    pty.types('i');
    await pty.says(`ran       docker exec -it -e 'MODE=very fast' -u root -w /tmp ${name} sh`);
    await pty.says('# ');
    pty.types('echo "$MODE $(id -un) $(pwd)" > go; exit\r');
    await pty.says(OPEN);
    pty.types('r');

    assert.is(await pty.ended, 0, pty.text());
    assert.is(await docker('exec', name, 'cat', '/tmp/go'), 'very fast root /tmp');
  }),
);

withEngine(
  'opens a shell inside the container of docker.run that is up and not as its checks want it',
  inScene(async ({name, docker, run}) => {
    const pty = await run(
      `  - id: box\n    uses: docker.run\n    within: 2s\n    with: {name: ${name}, image: "${IMAGE}", command: [sleep, "1000"], health_cmd: test -f /go, health_interval: 1s}\n`,
    );

    pty.types('i');
    await pty.says(`ran       docker exec -it ${name} sh`);
    await pty.says('# ');
    pty.types('touch /go; exit\r');
    await pty.says(OPEN);
    pty.types('v');
    await pty.says(/step "box" (holds now|does not hold)/);
    await pty.says(OPEN);
    // the engine looks at the container's health once a second
    for (; !pty.text().includes('step "box" holds now'); await pty.says(OPEN)) pty.types('v');
    pty.types('g');

    assert.is(await pty.ended, 0, pty.text());
    assert.is(await docker('inspect', '-f', '{{.State.Running}}', name), 'true');
  }),
);

withEngine(
  'comes back with what docker says where the container is gone',
  inScene(async ({name, docker, run}) => {
    const pty = await run(
      `${box(name)}  - {id: look, uses: docker.exec, with: {container: ${name}, command: ["false"]}}\n`,
    );
    await docker('rm', '-f', name);

    pty.types('i');
    await pty.says('No such container');
    await pty.says(OPEN);
    pty.types('q');

    assert.is(await pty.ended, 1);
  }),
);

withEngine(
  'gives the shell beside a container step the line to repeat it, and the engine that it is on',
  inScene(async ({rig, name, env, run}) => {
    await rig.start(['context', 'create', 'elsewhere', '--docker', `host=${env.DOCKER_HOST}`], {
      command: ['docker'],
      env: {...env, DOCKER_CONFIG: join(rig.dir, 'docker')},
    }).ended;
    const pty = await run(
      `${box(name)}  - {id: look, uses: docker.exec, on: elsewhere, with: {container: ${name}, command: [test, -f, /go]}}\n`,
      {DOCKER_CONFIG: join(rig.dir, 'docker')},
    );

    await opensShell(pty);
    pty.types(
      `echo "$DOCKER_CONTEXT" > on; docker exec ${name} touch /go; sh -c "$RUNBOOK_COMMAND" && echo repe""ated; exit\r`,
    );
    await pty.says('repeated');
    await pty.says(OPEN);
    pty.types('r');

    assert.is(await pty.ended, 0, pty.text());
    assert.is(await rig.read('on'), 'elsewhere\n');
  }),
);

withEngine(
  'takes the containers of the run back',
  inScene(async ({name, docker, run}) => {
    const pty = await run(
      `${box(name)}  - {id: look, uses: docker.exec, with: {container: ${name}, command: ["false"]}}\n`,
    );

    pty.types('u');
    await pty.says('take this back?');
    await pty.says(OPEN);
    pty.types('y');

    assert.is(await pty.ended, 1, pty.text());
    assert.is(await docker('ps', '-aq', '--filter', `name=${name}`), '');
  }),
);

test.run();
