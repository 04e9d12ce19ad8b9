import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest} from '../cli-rig.ts';

const test = suite('resume on the command line');

const SITE = `name: site
title: A site
inputs: {port: {type: integer, default: 80}}
steps:
  - id: conf
    uses: file.write
    with: {path: out/conf, content: "port = \${{ inputs.port }}\\n"}
  - id: build
    title: Build the pages
    run: |
      echo building
      echo built > out/pages
    verify: [{run: test -e out/pages, effect: reads}]
  - id: seen
    run: cat out/conf
    effect: reads
  - id: copy
    uses: file.write
    with: {path: out/copy, content: "\${{ steps.seen.outputs.stdout }}"}
  - id: pay
    run: echo paid >> paid; test -e money
    effect: once
  - id: last
    run: echo end
`;

/** A run that has failed at its payment; its id. */
const failedSite = async (rig: CliRig): Promise<string> => {
  await rig.write({'site.yaml': SITE});
  const {code, stderr} = await rig.runbook(['run', './site.yaml']);
  assert.is(code, 1, stderr);
  return /runbook resume (\S+)/.exec(stderr)?.[1] ?? 'none';
};

test(
  '--plan says of each step how it stands, what follows, why, and with which command',
  cliTest(async (rig) => {
    const run = await failedSite(rig);
    await rig.write({
      'site.yaml': SITE.replace('echo building', 'echo building it').replace('default: 80', 'default: 80'),
    });

    const {stdout, code} = await rig.runbook(['resume', '--plan', '--set', 'port=81']);

    assert.is(code, 0);
    const hash = /--approve ([0-9a-f]{32})$/m.exec(stdout)?.[1];
    assert.is(
      stdout,
      `site  run ${run}

  ~ conf   input changed
    why       inputs.port: 80 -> 81
  ~ build  edited         Build the pages
    edit       id: build
               run: |
              -  echo building
              +  echo building it
                 echo built > out/pages
               verify:
  = seen   still holds
  = copy   still holds
  ✖ pay    failed
    why       step "pay" (shell) failed: exited with code 1
  · last   pending

what a resume does
  conf   taken back, then made anew: what it was given has changed
    $ mkdir -p out && printf '%s\\n' 'port = 81' > out/conf && chmod 0644 out/conf
  build  run: it was edited
    $ (
      set -eu
      echo building it
      echo built > out/pages
      )
  seen   looks: build is done first
    $ cat out/conf
  copy   not known yet: it reads steps.seen.outputs.stdout: done again if that has another value then
    $ mkdir -p out && printf %s "$SEEN_STDOUT" > out/copy && chmod 0644 out/copy
  pay    asked for first: it failed
    $ (
      set -eu
      echo paid >> paid; test -e money
      )
  last   run: it was not done yet
    $ echo end
  next      do this: runbook resume ${run} --set port=81
            this and nothing else: runbook resume ${run} --set port=81 --approve ${hash}
`,
    );
  }),
);

test(
  'says what it found and what it will do before it does anything, and stops where only a person can say',
  cliTest(async (rig) => {
    const run = await failedSite(rig);
    await rig.write({'out/conf': 'something else\n'});

    const {stderr, code} = await rig.runbook(['resume', '--yes']);

    assert.is(code, 1, '--yes answers no such question');
    const told = stderr.replace(/^\d\d:\d\d:\d\d /gm, '').replaceAll(rig.dir, '.');
    assert.is(
      told,
      `resuming site: A site (run ${run})
looking at 5 steps first; nothing is changed yet
conf      drifted expected ./out/conf with mode 0644 and the 10 bytes of \`content\`
conf        found mode 0644 and another content of 15 bytes
build     still holds
seen      still holds
copy      input changed steps.seen.outputs.stdout: "port = 80\\n" -> "something else\\n"
pay       failed step "pay" (shell) failed: exited with code 1
conf      -> run: its check does not hold any more
build     -> kept if it still holds: conf is done first
seen      -> looks: conf is done first
copy      -> not known yet: what it was given has changed; done again if it still is so when steps.seen.outputs.stdout is known
pay       -> asked for first: it failed
last      -> run: it was not done yet
✖ step "pay" may have acted already, and must not be repeated unasked; nothing was done [in-doubt]
  next      see whether it acted, then say so
            to do it again: runbook resume ${run} --redo pay
            if it has acted: runbook resume ${run} --accept pay --reason "..."
`,
    );
    assert.is(await rig.read('out/conf'), 'something else\n');
  }),
);

test(
  'carries out a plan that was approved, by its hash or by the file with it, and no other',
  cliTest(async (rig) => {
    await failedSite(rig);
    const {stdout} = await rig.runbook(['resume', '--plan', '--json']);
    const plan = JSON.parse(stdout) as {hash: string; kept: number; steps: {step: string; course: string}[]};
    await rig.write({'plan.json': stdout});
    assert.is(plan.kept, 4);
    assert.equal(
      plan.steps.map(({step, course}) => `${step}: ${course}`),
      ['conf: keep', 'build: keep', 'seen: keep', 'copy: keep', 'pay: ask', 'last: run'],
    );

    const unnamed = await rig.runbook(['resume', '--approve', plan.hash]);
    assert.is(unnamed.code, 1);
    assert.match(unnamed.stderr, '[in-doubt]');

    await rig.write({'out/copy': 'x'});
    const changed = await rig.runbook(['resume', '--approve', 'plan.json', '--accept', 'pay', '--reason', 'seen']);
    assert.is(changed.code, 2);
    assert.match(changed.stderr, '[plan-changed]');
    assert.match(changed.stderr, /expected {2}copy: holds, keep\n {2}found {5}copy: drifted, run\n/);
    assert.is(await rig.read('out/copy'), 'x');

    await rig.write({'out/copy': await rig.read('out/conf')});
    const approved = await rig.runbook(['resume', '--approve', plan.hash, '--accept', 'pay', '--reason', 'seen']);
    assert.is(approved.code, 0, approved.stderr);
    assert.is(await rig.read('paid'), 'paid\n');

    const nonsense = await rig.runbook(['resume', '--approve', 'nonsense']);
    assert.is(nonsense.code, 2);
    assert.match(nonsense.stderr, 'neither the hash of a plan nor a file with one');
  }),
);

const MANY = 60;
const manySteps = (changed: string): string =>
  `name: many\ntitle: Many steps\nsteps:\n${Array.from(
    {length: MANY},
    (_, index) =>
      `  - {id: s${index}, uses: file.write, with: {path: out/${index}, content: ${index === 40 ? changed : 'x'}}}\n`,
  ).join('')}  - {id: stop, run: 'false'}\n`;

test(
  'gives steps in a row that hold one line when there are many, and --all each its own',
  cliTest(async (rig) => {
    await rig.write({'many.yaml': manySteps('x')});
    await rig.runbook(['run', './many.yaml']);
    await rig.write({'many.yaml': manySteps('y'), 'out/20': 'changed'});

    const short = (await rig.runbook(['resume', '--plan'])).stdout;
    const status = (await rig.runbook(['status'])).stdout;
    const piped = (await rig.runbook(['resume'])).stderr;
    await rig.write({'out/20': 'changed'});
    const long = (await rig.runbook(['resume', '--plan', '--all'])).stdout;

    assert.match(short, /^ {2}= 20 steps {2}still hold {3}s0 … s19\n {2}✖ s20 {7}drifted\n/m);
    assert.match(short, /^ {2}= 19 steps {2}still hold {3}s21 … s39\n {2}~ s40 {7}edited\n/m);
    assert.match(short, /^ {2}19 steps {2}kept if it still holds: s20 is done first {2}s21 … s39$/m);
    assert.ok(short.split('\n').length < 40, short);
    assert.match(status, /^ {2}= 20 steps {2}still hold/m);
    assert.match(piped, /^\S+ 20 steps still hold \(s0 … s19\)$/m);
    assert.is(long.match(/^ {2}= s\d+ +still holds/gm)?.length, MANY - 1);
  }),
);

test(
  'prints a failed command so that it can be pasted, quotes over several lines included',
  cliTest(async (rig) => {
    const step = (content: string) => `  - {id: a, uses: file.write, with: {path: /dev/null/x, content: ${content}}}\n`;
    const head = 'name: paste\ntitle: Paste\nsteps:\n';
    await rig.write({
      'paste.yaml': head + step('"a\\n  b\\nc\\n"'),
      'one.yaml': `${head.replace('paste', 'one')}${step('a')}`,
    });

    const several = (await rig.runbook(['run', './paste.yaml'])).stderr;
    const one = (await rig.runbook(['run', './one.yaml'])).stderr;

    assert.match(
      several,
      "  ran       (these 3 lines, from the left margin on)\nmkdir -p /dev/null && printf '%s\\n' 'a\n  b\nc' > /dev/null/x && chmod 0644 /dev/null/x\n",
    );
    assert.match(one, '  ran       mkdir -p /dev/null && printf %s a > /dev/null/x && chmod 0644 /dev/null/x\n');
  }),
);

test.run();
