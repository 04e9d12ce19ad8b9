/** `runbook docs`: pages of real runs, on an engine of its own beside that of the tests, which stands for the user's. */
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended, shellRunbook} from '../cli-rig.ts';
import {engineTest, testEngine} from '../docker-engine.ts';

const test = suite('docs');
const onEngine = engineTest(test);
const LIMIT_MS = 240_000;
const CANARY = 'Kanarie+/geel 7';

const RUNBOOK = `name: shop
title: A shop in a container
about: |
  It **opens** at once.
inputs:
  password: {type: string, secret: true}
  port: {type: integer, default: 8000}
steps:
  - id: image
    title: Have an image
    uses: docker.image
    with: {image: "runbook/test:1", pull: false}
  - id: web
    title: Open it
    uses: docker.run
    with:
      name: shop-web
      image: \${{ steps.image.outputs.ref }}
      command: [sleep, "1000"]
      env: {PASSWORD: "\${{ inputs.password }}"}
      ports: ["127.0.0.1:\${{ inputs.port }}:80"]
  - id: look
    title: See it
    uses: docker.ps
    with: {filter: {name: [shop-web]}}
    expect: '"shop-web" in result.names'
  - id: tell
    title: Say the password
    run: |
      echo "the password is \${{ inputs.password }}"
      printf %s "\${{ inputs.password }}" | base64
      date -u +%Y-%m-%dT%H:%M:%SZ
      pwd
      docker inspect -f '{{.Id}} {{.NetworkSettings.IPAddress}}' shop-web
    effect: reads
`;

const HOUSE = `name: house
title: A house on the ground
steps:
  - id: build
    run: docker volume ls -q
    effect: reads
    outputs: {volume: result.stdout.trim()}
  - id: enter
    run: docker volume inspect -f '{{.Name}}' \${{ steps.build.outputs.volume }}
    effect: reads
`;

const ENCODED = [CANARY, Buffer.from(CANARY).toString('base64'), encodeURIComponent(CANARY)];

const records = async (rig: CliRig, ...args: string[]): Promise<Ended> => {
  const engine = await testEngine();
  return rig.runbook(['docs', ...args], {env: {...engine.env, RUNBOOK_INPUT_PASSWORD: CANARY}});
};

onEngine(
  'records a real run without its secrets, finds the page true, and says where it is not',
  cliTest(async (rig) => {
    const engine = await testEngine();
    await engine.load('runbook/test:1');
    await rig.write({'shop.yaml': RUNBOOK});

    const recorded = await records(rig, './shop.yaml', '--record', '--set', 'port=8001');
    assert.is(recorded.code, 0, recorded.stderr);
    assert.is(recorded.stdout, 'docs/tutorials/shop.md\ndocs/tutorials/shop.html\n');
    const [markdown, page] = await Promise.all(['md', 'html'].map((kind) => rig.read(`docs/tutorials/shop.${kind}`)));
    for (const text of [markdown ?? '', page ?? '', recorded.stdout, recorded.stderr])
      for (const secret of ENCODED) assert.not.ok(text.includes(secret), text);
    assert.match(markdown ?? '', 'PASSWORD="$PASSWORD" docker run -d --name shop-web');
    assert.match(markdown ?? '', 'What follows was recorded with `port=8001`.');
    assert.match(markdown ?? '', /<container-1> +runbook\/test:1 +"sleep 1000" +moments ago +Up moments/);
    assert.match(markdown ?? '', 'the password is ***\n***\n<time>\n.\n<container-1> 192.0.2.1\n');
    assert.match(markdown ?? '', /Recorded with runbook [\d.]+, docker [\d.]+ and Docker Engine [\d.]+, one step/);
    assert.match(page ?? '', 'class="bar-row"');

    const held = await records(rig, './shop.yaml', '--check');
    assert.is(held.code, 0, held.stderr);
    assert.is(held.stdout, 'docs/tutorials/shop.md is true\n');

    await rig.write({'docs/tutorials/shop.md': (markdown ?? '').replace('127.0.0.1:8001->80/tcp', '8001/tcp')});
    await rig.write({'shop.yaml': RUNBOOK.replace('It **opens** at once.', 'It opens.')});
    const drifted = await records(rig, './shop.yaml', '--check');
    assert.is(drifted.code, 4, drifted.stderr);
    assert.match(drifted.stderr, 'docs/tutorials/shop.md:1:1: the introduction reads otherwise [page-differs]');
    assert.match(drifted.stderr, '- It **opens** at once.');
    assert.match(drifted.stderr, '+ It opens.');
    assert.match(drifted.stderr, /shop\.md:\d+:1: "See it" prints something else \[page-differs\]/);
    assert.match(drifted.stderr, '- PORTS: 8001/tcp');
    assert.match(drifted.stderr, '+ PORTS: 127.0.0.1:8001->80/tcp');
    assert.match(drifted.stderr, 'runbook docs ./shop.yaml --record --set port=8001');

    const there = await rig.start(['ps', '-aq', '--filter', 'name=shop-web'], {command: ['docker'], env: engine.env})
      .ended;
    assert.is(there.stdout, '', "the user's own engine is left alone");
  }, LIMIT_MS),
);

onEngine(
  'runs what a page stands on before it, and writes nothing of a run that fails',
  cliTest(async (rig) => {
    await rig.write({
      'base.yaml': shellRunbook('base', {make: 'docker volume create ground'}),
      'house.yaml': HOUSE,
      'bad.yaml': shellRunbook('bad', {fall: 'echo so far; exit 3'}),
    });

    const recorded = await records(rig, './house.yaml', '--record', '--after', './base.yaml', '--format', 'markdown');
    assert.is(recorded.code, 0, recorded.stderr);
    assert.is(recorded.stdout, 'docs/tutorials/house.md\n');
    const page = await rig.read('docs/tutorials/house.md');
    assert.match(page, /docker volume ls -q\n```\n[\s\S]*It prints:\n\n```text\nground\n```/);
    assert.match(page, "docker volume inspect -f '{{.Name}}' ground\n", 'with the value that it was run with');
    assert.match(page, 'What follows was recorded after `./base.yaml`, on the same engine.');
    const held = await records(rig, './house.yaml', '--check');
    assert.is(held.code, 0, held.stderr);

    const failed = await records(rig, './bad.yaml', '--record');
    assert.is(failed.code, 1, failed.stderr);
    assert.match(
      failed.stderr,
      /bad\.yaml:\d+:\d+: step "fall" \(shell\) failed: exited with code 3 \[command-failed\]/,
    );
    assert.not.match(failed.stderr.slice(failed.stderr.indexOf('✖')), '/runbook-docs-');
    assert.match(failed.stderr, 'nothing is written; see it by hand: runbook run ./bad.yaml');
    assert.not.ok(rig.exists('docs/tutorials/bad.md'));
  }, LIMIT_MS),
);

test(
  'says what is wrong with a call, and what it needs',
  cliTest(async (rig) => {
    await rig.write({'a.yaml': shellRunbook('a', {one: 'true'})});

    const neither = await rig.runbook(['docs', './a.yaml']);
    assert.is(neither.code, 2);
    assert.match(neither.stderr, 'say what to do: --record or --check [usage]');

    const helpless = await rig.runbook(['docs', './a.yaml', '--record'], {env: {PATH: rig.dir}});
    assert.is(helpless.code, 3);
    assert.match(
      helpless.stderr,
      /can't be started here: not (?:on Linux|root|installed: docker, .*) \[requirement-missing\]/,
    );
    assert.not.ok(rig.exists('docs'));
  }),
);

onEngine(
  'says that there is no page to check',
  cliTest(async (rig) => {
    await rig.write({'a.yaml': shellRunbook('a', {one: 'true'})});

    const {code, stderr} = await rig.runbook(['docs', './a.yaml', '--check', '--out', 'pages']);

    assert.is(code, 2);
    assert.match(stderr, 'there is no recorded page pages/a.md [file-unreadable]');
    assert.match(stderr, 'record it first: runbook docs ./a.yaml --record');
  }),
);

test.run();
