import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended} from '../cli-rig.ts';
import {hasTools} from '../tools.ts';

const test = suite('show --format sh');
const withTools = hasTools('dash', 'bash', 'jq', 'shellcheck') ? test : test.skip;

const RUNBOOK = `name: site
title: "A site: it's here"
inputs:
  who: {type: string, default: "it's \\"me\\" $HOME"}
  password: {type: string, secret: true, about: The password of the site}
  parts: {type: list, default: [a, b c]}
steps:
  - id: page
    uses: file.write
    with: {path: out/page, content: "Hello \${{ inputs.who }}\\n"}
  - id: part
    foreach: \${{ inputs.parts }}
    needs: [page]
    uses: file.write
    with: {path: "out/part \${{ item.key }}", content: "\${{ item.key }}"}
  - id: build
    run: |
      echo build >> acts
      test -f go
      printf '%s\\n' '{"version": "1.2", "files": ["x", "y"]}'
    outputs:
      version: result.json.version
      files: result.json.files
  - id: pay
    run: |
      echo pay >> acts
      test \${{ inputs.password }} = geheim
    effect: once
  - id: note
    uses: file.write
    with:
      path: out/note
      content: >-
        \${{ steps.build.outputs.version }} of \${{ steps.build.outputs.files.map(f, f + "!").join(",") }}
  - id: never
    when: steps.build.outputs.version == "9"
    run: echo never >> acts
  - id: seen
    run: cat out/note
    effect: reads
    expect: result.stdout == "1.2 of x!,y!" && size(steps.build.outputs.files) == 2
`;

const scriptIn = async (rig: CliRig): Promise<void> => {
  await rig.write({'site.yaml': RUNBOOK});
  const shown = await rig.runbook(['show', './site.yaml', '--format', 'sh']);
  assert.is(shown.code, 0, shown.stderr);
  await rig.write({'site.sh': shown.stdout});
};

const run = (rig: CliRig, shell: string, env: Record<string, string> = {PASSWORD: 'geheim'}): Promise<Ended> =>
  rig.start([], {command: [shell, './site.sh'], env: {PATH: process.env.PATH ?? '', ...env}}).ended;

for (const shell of ['dash', 'bash']) {
  withTools(
    `does the steps in ${shell}, stops where one fails, and goes on there`,
    cliTest(async (rig) => {
      await scriptIn(rig);
      const first = await run(rig, shell);
      assert.is(first.code, 1);
      assert.match(first.stderr, 'FAILED: build');
      assert.is(await rig.read('out/page'), 'Hello it\'s "me" $HOME\n');
      assert.is(await rig.read('out/part b c'), 'b c');

      await rig.write({go: ''});
      const second = await run(rig, shell);
      assert.is(second.code, 0, second.stderr);
      assert.is(await rig.read('out/note'), '1.2 of x!,y!');
      const third = await run(rig, shell);
      assert.is(third.code, 0, third.stderr);
      assert.is(await rig.read('acts'), 'build\nbuild\npay\n');
      assert.not.ok(((await rig.read('site.state')) ?? '').includes('geheim'));
    }),
  );
}

withTools(
  'says what is needed, and has nothing that shellcheck would complain of',
  cliTest(async (rig) => {
    await scriptIn(rig);
    const without = await run(rig, 'dash', {});
    assert.is(without.code, 2);
    assert.match(without.stderr, 'The password of the site');
    const checked = await rig.start([], {command: ['shellcheck', './site.sh'], env: {PATH: process.env.PATH ?? ''}})
      .ended;
    assert.is(checked.code, 0, checked.stdout);
  }),
);

withTools(
  'never repeats unasked what may have acted, and says how to go on',
  cliTest(async (rig) => {
    await scriptIn(rig);
    await rig.write({go: '', 'site.state': ': began pay\n'});
    const stopped = await run(rig, 'dash');
    assert.is(stopped.code, 1);
    assert.match(stopped.stderr, ': done pay');
    assert.is(await rig.read('acts'), 'build\n');

    await rig.write({'site.state': `${await rig.read('site.state')}: done pay\n`});
    const done = await run(rig, 'dash');
    assert.is(done.code, 0, done.stderr);
    assert.is(await rig.read('acts'), 'build\n');
  }),
);

withTools(
  'says in its place what it leaves out',
  cliTest(async (rig) => {
    await rig.write({
      'odd.yaml': `name: odd
title: Odd
steps:
  - id: look
    run: echo hello
    effect: reads
    expect: result.stdout.substring(1) == "ello"
`,
    });
    const shown = await rig.runbook(['show', './odd.yaml', '--format', 'sh']);
    assert.is(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /NOT IN THIS SCRIPT: result\.stdout\.substring\(1\)/);
  }),
);

test.run();
