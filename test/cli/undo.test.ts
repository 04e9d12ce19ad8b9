import {rename} from 'node:fs/promises';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, shellRunbook} from '../cli-rig.ts';

const test = suite('undo on the command line');

const SITE = `name: site
title: A site
steps:
  - id: kept
    uses: file.write
    with: {path: kept, content: x}
  - id: conf
    title: The configuration
    uses: file.write
    with: {path: out/conf, content: x}
  - id: pages
    run: mkdir -p pages; echo 1 > pages/one
    undo:
      run: |
        test ! -e stuck
        echo "taking
          away"
        rm -r pages
  - id: link
    run: ln -sfn pages link
    undo: {run: rm link}
  - id: mail
    title: Tell everybody
    run: echo mail
`;

const site = async (rig: CliRig): Promise<string> => {
  await rig.write({'site.yaml': SITE, kept: 'x'});
  const {code, stderr} = await rig.runbook(['run', './site.yaml']);
  assert.is(code, 0, stderr);
  return /runbook undo (\S+)/.exec(stderr)?.[1] ?? 'none';
};

const listing = (run: string): string => `site  run ${run}, started DATE

can't be taken back
  mail  Tell everybody

taken back, in this order
  link   $ rm link
  pages  $ (these 7 lines, from the left margin on)
(
set -eu
test ! -e stuck
echo "taking
  away"
rm -r pages
)
  conf   The configuration

stays: it was there before
  kept

`;

const undated = (text: string): string => text.replace(/started \d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'started DATE');

test(
  '--plan lists what is taken back, with lines to type, what can not be, and what stays',
  cliTest(async (rig) => {
    const run = await site(rig);

    const plain = await rig.runbook(['undo', '--plan']);
    const json = JSON.parse((await rig.runbook(['undo', '--plan', '--json'])).stdout) as {
      run: string;
      steps: {step: string; action: string}[];
    };

    assert.is(undated(plain.stdout), listing(run));
    assert.is(json.run, run);
    assert.equal(
      json.steps.map(({step, action}) => `${step}: ${action}`),
      ['mail: irreversible', 'link: undo', 'pages: undo', 'conf: undo', 'kept: keep'],
    );
    assert.ok(rig.exists('pages/one'));
  }),
);

test(
  'names what can not be taken back before anything is, asks, and says what is left when one fails',
  cliTest(async (rig) => {
    const run = await site(rig);
    const asked = await rig.runbook(['undo']);
    assert.is(asked.code, 1);
    assert.match(undated(asked.stderr), listing(run));
    assert.match(asked.stderr, 'nobody can be asked [no-terminal]');
    assert.ok(rig.exists('link'));

    await rig.write({stuck: ''});
    const stuck = await rig.runbook(['undo', '--yes']);
    assert.is(stuck.code, 1);
    assert.match(undated(stuck.stderr), listing(run));
    assert.ok(stuck.stderr.indexOf('Tell everybody') < stuck.stderr.indexOf('undo $ rm link'));
    assert.match(stuck.stderr, `step "pages" can't be undone: exited with code 1 [undo-failed]`);
    assert.match(stuck.stderr, `then: runbook undo ${run}`);
    assert.match(stuck.stderr, '2 taken back, 1 left: pages');
    assert.not.ok(rig.exists('link'));
    assert.not.ok(rig.exists('out/conf'));

    const status = await rig.runbook(['status']);
    assert.match(status.stdout, /^site {2}undone in part {2}run /);
    assert.match(status.stdout, `take back what is left: runbook undo ${run}`);

    const without = await rig.runbook(['undo', '--accept', 'pages']);
    assert.is(without.code, 2);
    const done = await rig.runbook(['undo', '--yes', '--accept', 'pages', '--reason', 'done by hand']);
    assert.is(done.code, 0, done.stderr);
    assert.match(done.stderr, '0 taken back, 1 taken as gone');
    assert.match((await rig.runbook(['status'])).stdout, /^site {2}undone {2}run /);
  }),
);

test(
  'twice is once: the second time says that nothing is left, and takes no other run back',
  cliTest(async (rig) => {
    const first = await site(rig);
    const second = await site(rig);
    assert.is((await rig.runbook(['undo', '--yes'])).code, 0);

    const again = await rig.runbook(['undo', '--yes']);

    assert.is(again.code, 0);
    assert.match(again.stderr, `run ${second}`);
    assert.match(again.stderr, 'nothing is left to take back');
    assert.match(again.stderr, `the run before it: runbook undo ${first}`);
    assert.ok(rig.exists('out/conf'), 'the first run has made it');
  }),
);

test(
  'works without the file, and says of a later run that it may use what is taken back',
  cliTest(async (rig) => {
    const first = await site(rig);
    await site(rig);
    await rename(join(rig.dir, 'site.yaml'), join(rig.dir, 'elsewhere.yaml'));

    const plan = await rig.runbook(['undo', first, '--plan']);
    const {code, stderr} = await rig.runbook(['undo', first, '--yes']);

    assert.match(plan.stdout, '! a later run of site may use what is taken back: ');
    assert.match(plan.stdout, /! the file can't be used, so the journal alone says what to take back: site\.yaml:1: /);
    assert.is(code, 0, stderr);
    assert.not.ok(rig.exists('out/conf'));
  }),
);

test(
  'is refused while the run goes on, before it asks anything',
  cliTest(async (rig) => {
    await rig.write({'slow.yaml': shellRunbook('slow', {a: 'until test -e go; do sleep 0.05; done'})});
    const live = rig.start(['run', './slow.yaml']);
    await live.says('start');

    const {code, stderr} = await rig.runbook(['undo']);
    const unknown = await rig.runbook(['undo', '--to', 'b']);
    await rig.write({go: ''});
    await live.ended;

    assert.is(code, 5);
    assert.match(stderr, /held by process \d+ .*\[run-held\]/);
    assert.is(unknown.code, 2);
    assert.match(unknown.stderr, '[unknown-step]');
  }),
);

test(
  'goes on where Ctrl-C stopped it',
  cliTest(async (rig) => {
    const undo = (line: string): string => `    undo: {run: '${line}'}\n`;
    await rig.write({
      'slow.yaml': `name: slow
title: Slow to take back
steps:
  - id: a
    run: touch a
${undo('rm a')}  - id: b
    run: touch b
${undo('touch begun; until test -e go; do sleep 0.05; done; rm b')}`,
    });
    await rig.runbook(['run', './slow.yaml']);
    const live = rig.start(['undo', '--yes']);
    await live.says('b         undo $');
    while (!rig.exists('begun')) await new Promise((resolve) => setTimeout(resolve, 20));
    live.signal('SIGINT');
    const stopped = await live.ended;
    await rig.write({go: ''});
    const gone = await rig.runbook(['undo', '--yes']);

    assert.is(stopped.code, 130, stopped.stderr);
    assert.match(stopped.stderr, '0 taken back, 2 left: b, a');
    assert.match(stopped.stderr, 'go on with: runbook undo');
    assert.is(gone.code, 0, gone.stderr);
    assert.not.ok(rig.exists('a') || rig.exists('b'));
  }),
);

test.run();
