/** `runbook ps` and `runbook clean` with the real program on a real engine. */
import {existsSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest, program} from '../cli-rig.ts';
import {engineTest} from '../docker-engine.ts';
import {IMAGE} from '../docker-rig.ts';
import {engineRig, kindsOf, type Listing, type Rig} from '../ownership-rig.ts';

const test = suite('ps and clean');
const withEngine = engineTest(test);

const WEB = `name: web
title: One of each
inputs: {wait: {type: boolean, default: false}}
steps:
  - {id: net, uses: docker.network, with: {name: rbc-net}}
  - id: server
    uses: docker.run
    with: {name: rbc-web, image: "${IMAGE}", command: [sleep, "1000"], network: rbc-net, volumes: ["rbc-data:/data", /anonymous]}
  - {id: conf, uses: file.write, with: {path: out/conf, content: a}}
  - {id: image, uses: docker.build, with: {tag: "rbc-app:1", context: ./app}}
  - id: wait
    run: touch reached; [ "\${{ inputs.wait }}" = false ] || sleep 600
    undo: {run: "true"}
`;

const ALL = ['app', 'data', 'net', 'web'];

const prepare = (rig: CliRig): Promise<void> =>
  rig.write({'web.yaml': WEB, 'app/Dockerfile': `FROM ${IMAGE}\nENV APP=1\n`});

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
};

/** A run that has made everything, and was killed. */
const killed = async (rig: Rig): Promise<string> => {
  const live = rig.start(['run', './web.yaml', '--set', 'wait=true'], {env: rig.env});
  await until(() => rig.exists('reached') || live.child.exitCode !== null);
  live.signal('SIGKILL');
  await live.ended;
  return (await rig.runs())[0]?.run ?? '';
};

/** Somebody else's things, whose names look like ours. */
const strangers = async (rig: Rig): Promise<void> => {
  await rig.docker(`run -d --name rbc-web2 ${IMAGE} sleep 1000`);
  await rig.docker('network create rbc-net2');
  await rig.docker('volume create rbc-data2');
};
const STRANGE = ['data2', 'net2', 'web2'];

withEngine(
  'a killed run: ps finds all of it and its process; clean leaves it, and takes it away by its name',
  engineRig(async (rig) => {
    await prepare(rig);
    await strangers(rig);
    const run = await killed(rig);

    const listing = await rig.ps();
    assert.equal(kindsOf(listing, run), ['container', 'image', 'network', 'process', 'volume']);
    assert.is(listing.runs.find((one) => one.run === run)?.standing, 'unfinished');
    const text = await rig.call('ps', run);
    assert.match(text.stdout, new RegExp(`web {2}run ${run} {2}unfinished`));
    assert.match(text.stdout, /container {2}rbc-web +running +server/);
    assert.not.match(text.stdout, 'rbc-web2');

    const plain = await rig.call('clean', '--yes');
    assert.is(plain.code, 0, plain.stderr);
    assert.equal(await rig.there(), [...ALL, ...STRANGE].sort());
    assert.match(plain.stderr, `clean ${run}`);

    const unasked = await rig.call('clean', run);
    assert.is(unasked.code, 1);
    assert.match(unasked.stderr, /\[no-terminal\]\n {2}next {6}answer with: .*clean \S+ --yes/);
    assert.match(unasked.stderr, /volume {5}rbc-data .*with its data/);
    assert.equal(await rig.there(), [...ALL, ...STRANGE].sort());

    const named = await rig.call('clean', run, '--yes');
    assert.is(named.code, 0, named.stderr);
    assert.equal(await rig.there(), STRANGE);
    assert.not.ok(existsSync(join(rig.dir, 'out/conf')), 'what has no label is taken back by the journal');
    assert.equal(
      (await rig.runs()).map(({state}) => state),
      ['undone'],
    );
    assert.equal(kindsOf(await rig.ps(), run), []);
    assert.is((await rig.call('clean', run, '--yes')).code, 0);
    const again = await rig.call('run', './web.yaml');
    assert.is(again.code, 0, again.stderr);
  }),
);

withEngine(
  'journals that are gone: clean takes away what is left, whether one was removed or all of them',
  engineRig(async (rig) => {
    await prepare(rig);
    await strangers(rig);
    for (const lose of [(run: string) => join('.runbook/runs', run), () => '.runbook']) {
      rmSync(join(rig.dir, 'reached'), {force: true});
      const run = await killed(rig);
      rmSync(join(rig.dir, lose(run)), {recursive: true});

      const plan = JSON.parse((await rig.call('clean', '--plan', '--json')).stdout);
      assert.equal(
        [...new Set(plan.things.filter((one: {run: string}) => one.run === run).map((one: {why: string}) => one.why))],
        ['missing'],
      );
      assert.equal(await rig.there(), [...ALL, ...STRANGE].sort());
      const cleaned = await rig.call('clean', '--yes');

      assert.is(cleaned.code, 0, cleaned.stderr);
      assert.equal(await rig.there(), STRANGE);
      assert.equal(kindsOf(await rig.ps(), run), []);
      assert.match((await rig.call('clean', '--yes')).stderr, 'nothing is left to take away');
    }
    assert.is(await rig.docker('volume ls -q --filter label=io.runbook.run'), '', 'nor a volume without a name');
  }),
);

withEngine(
  'a live run is never touched: not by clean, not by its name, not from another state directory',
  engineRig(async (rig) => {
    await prepare(rig);
    const live = rig.start(['run', './web.yaml', '--set', 'wait=true'], {env: rig.env});
    await until(() => rig.exists('reached'));
    const run = (await rig.runs())[0]?.run ?? '';

    const plain = await rig.call('clean', '--yes');
    const named = await rig.call('clean', run, '--yes');
    const elsewhere = await rig.call('clean', '--yes', '--state-dir', 'other');
    const byName = await rig.call('clean', run, '--yes', '--state-dir', 'other');

    assert.is(plain.code, 0, plain.stderr);
    assert.match(plain.stderr, `running in process ${live.child.pid}`);
    assert.is(named.code, 5);
    assert.match(named.stderr, /\[run-held\]/);
    assert.is(elsewhere.code, 0, elsewhere.stderr);
    assert.is(byName.code, 5, byName.stderr);
    // even when somebody removes its state directory
    rmSync(join(rig.dir, '.runbook'), {recursive: true});
    assert.is((await rig.call('clean', '--yes')).code, 0);
    assert.is((await rig.call('clean', run, '--yes')).code, 5);
    assert.equal(await rig.there(), ALL);
    live.signal('SIGKILL');
    await live.ended;
    assert.is((await rig.call('clean', '--yes')).code, 0);
    assert.equal(await rig.there(), []);
  }),
);

withEngine(
  'two state directories on one engine: each takes away its own, and names where the other’s is',
  engineRig(async (rig) => {
    await prepare(rig);
    await rig.write({
      'b/box.yaml': `name: box\ntitle: A box\nsteps:\n  - {id: box, uses: docker.run, with: {name: rbc-box, image: "${IMAGE}", command: [sleep, "1000"]}}\n`,
    });
    assert.is((await rig.call('run', './web.yaml')).code, 0);
    assert.is((await rig.call('run', './b/box.yaml', '--state-dir', 'b/state')).code, 0);
    const listing = await rig.ps();
    const other = listing.runs.find(({things}) => things.some(({name}) => name === 'rbc-box'));

    assert.is(other?.standing, 'done');
    assert.is(other?.place, join(rig.dir, 'b/state'));
    const refused = await rig.call('clean', other?.run ?? '', '--yes');
    assert.is(refused.code, 2);
    assert.match(refused.stderr, `--state-dir ${join(rig.dir, 'b/state')}`);

    // The other directory is gone: nobody can know whether it was moved.
    rmSync(join(rig.dir, 'b/state'), {recursive: true});
    const plain = await rig.call('clean', '--yes');
    assert.is(plain.code, 0, plain.stderr);
    assert.match(plain.stderr, /only with --missing/);
    assert.equal(await rig.there(), [...ALL, 'box'].sort());
    // In a process namespace of its own: --missing would also end marked processes of others.
    const command = ['unshare', '--pid', '--fork', '--mount-proc', ...program] as const;
    const meant = await rig.runbook(['clean', '--missing', '--yes'], {
      command: [...command] as [string, ...string[]],
      env: rig.env,
    });
    assert.is(meant.code, 0, meant.stderr);
    assert.equal(await rig.there(), ALL);
  }),
);

withEngine(
  'images: what others have made of ours stays, and what is in use is named and left',
  engineRig(async (rig) => {
    await prepare(rig);
    const run = await killed(rig);
    await rig.docker('run -d --name rbc-theirs rbc-app:1 sleep 1000');
    await rig.docker('commit rbc-web rbc-backup');
    await rig.docker('tag rbc-app:1 rbc-mine:1');
    await rig.write({'theirs/Dockerfile': 'FROM rbc-app:1\nENV THEIRS=1\n'});
    await rig.docker('build -q -t rbc-derived theirs');

    const first = await rig.call('clean', run, '--yes');

    assert.equal(await rig.there(), ['backup', 'derived', 'mine', 'theirs']);
    assert.is(first.code, 0, first.stderr);
    assert.equal(kindsOf(await rig.ps(), run), []);
  }),
);

withEngine(
  'goes on after a failure, exits 1 with what is left, and finishes when it is repeated',
  engineRig(async (rig) => {
    await prepare(rig);
    const run = await killed(rig);
    await rig.docker(`run -d --name rbc-theirs --network rbc-net -v rbc-data:/x ${IMAGE} sleep 1000`);

    const first = await rig.call('clean', run, '--yes');

    assert.is(first.code, 1, first.stderr);
    assert.equal(await rig.there(), ['data', 'net', 'theirs']);
    assert.match(first.stderr, /network "rbc-net" is left: .*\n {2}found {5}rbc-theirs/);
    assert.match(first.stderr, /volume "rbc-data" is left: .*\n {2}found {5}container rbc-theirs/);
    assert.match(first.stderr, `clean ${run}`);
    await rig.docker('rm -f rbc-theirs');
    const second = await rig.call('clean', run, '--yes');
    assert.is(second.code, 0, second.stderr);
    assert.equal(await rig.there(), []);
    assert.equal(
      (await rig.runs()).map(({state}) => state),
      ['undone'],
    );
  }),
);

withEngine(
  'a run that a newer one replaced: what that one needs stays, the rest goes',
  engineRig(async (rig) => {
    await prepare(rig);
    const old = await killed(rig);
    await rig.write({'web.yaml': WEB.replace('rbc-app:1', 'rbc-app2:1')});
    const newer = await rig.call('run', './web.yaml');
    assert.is(newer.code, 0, newer.stderr);

    const cleaned = await rig.call('clean', '--yes', '--json');

    assert.is(cleaned.code, 0, cleaned.stderr);
    const {removed} = JSON.parse(cleaned.stdout) as {removed: {kind: string; name: string}[]};
    assert.equal(
      removed
        .map(({name}) => name)
        .filter((name) => name.startsWith('rbc-'))
        .sort(),
      ['rbc-app:1'],
    );
    assert.equal(await rig.there(), ['app2', 'data', 'net', 'web']);
    assert.is((await rig.call('status')).code, 0);
    assert.equal(kindsOf(await rig.ps(), old), ['container', 'network', 'volume']);
  }),
);

withEngine(
  'without Docker it says so, and processes are found all the same',
  cliTest(async (rig) => {
    await rig.write({
      'shell.yaml': 'name: shell\ntitle: S\nsteps:\n  - {id: back, run: "sleep 600 >/dev/null 2>&1 &"}\n',
    });
    const env = {DOCKER_HOST: `unix://${rig.dir}/none.sock`};
    assert.is((await rig.runbook(['run', './shell.yaml'], {env})).code, 0);
    const listing = JSON.parse((await rig.runbook(['ps', '--json'], {env})).stdout) as Listing;
    const [{run}] = JSON.parse((await rig.runbook(['runs', '--json'], {env})).stdout) as [{run: string}];
    const own = listing.runs.find((one) => one.run === run);
    assert.ok(own?.things.some(({name}) => name === 'sleep'));

    assert.match(listing.unseen[0]?.message ?? '', 'there is no such socket');
    assert.match((await rig.runbook(['ps'], {env})).stderr, /! your Docker was not looked at/);
    assert.is((await rig.runbook(['clean', run, '--yes'], {env})).code, 0);
    const after = JSON.parse((await rig.runbook(['ps', '--json'], {env})).stdout) as Listing;
    assert.not.ok(after.runs.some((one) => one.run === run));
  }),
);

test.run();
