import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest, shellRunbook} from '../cli-rig.ts';

const test = suite('list, show, validate, schema, plan, runs and log');

test(
  'lists the runbooks of the folder before the shipped ones',
  cliTest(async (rig) => {
    await rig.write({'runbooks/hello.yaml': shellRunbook('hello', {a: 'true'})});

    const text = await rig.runbook(['list']);
    const json = await rig.runbook(['list', '--json']);

    assert.match(text.stdout, /^in runbooks\n {2}hello\s+The runbook hello/);
    const [first] = JSON.parse(json.stdout) as {name: string; from: string}[];
    assert.equal([first?.name, first?.from], ['hello', 'here']);
  }),
);

test(
  'validate prints all problems of all files, each with its place, and counts them',
  cliTest(async (rig) => {
    await rig.write({
      'a.yaml': 'name: a\nsteps:\n  - id: one\n    uses: shel\n  - id: one\n    run: "true"\n    timout: 3s\n',
      'b.yaml': 'name: b\nsteps:\n\t- id: x\n',
      'runbooks/good.yaml': shellRunbook('good', {a: 'true'}),
    });

    const {code, stdout, stderr} = await rig.runbook(['validate', './a.yaml', 'b.yaml', 'good']);

    assert.is(code, 2);
    assert.match(stderr, /✖ a\.yaml:4:\d+: .*"shel".*\[unknown-step-type\]/);
    assert.match(stderr, /✖ a\.yaml:5:\d+: .*\[duplicate-id\]/);
    assert.match(stderr, /✖ a\.yaml:7:\d+: .*"timout".*\[unknown-key\]/);
    assert.match(stderr, /✖ b\.yaml:3:\d+: /);
    assert.match(stderr, /\n\d+ problems\n$/);
    assert.match(stdout, '✔ runbooks/good.yaml');
  }),
);

test(
  'validate --json is one document',
  cliTest(async (rig) => {
    await rig.write({'a.yaml': 'name: a\nsteps:\n  - id: one\n    uses: shel\n'});

    const {code, stdout} = await rig.runbook(['validate', 'a.yaml', '--json']);

    assert.is(code, 2);
    const {ok, files} = JSON.parse(stdout) as {ok: boolean; files: {problems: {place: {line: number}}[]}[]};
    assert.not.ok(ok);
    assert.is(files[0]?.problems[0]?.place.line, 4);
  }),
);

test(
  'show is a text to read: prose, commands, checks',
  cliTest(async (rig) => {
    await rig.write({
      'runbooks/web.yaml': [
        'name: web',
        'title: A web server',
        'about: We serve a page.',
        'inputs:',
        '  port: {type: integer, default: 8080, about: Where it listens}',
        'steps:',
        '  - id: serve',
        '    title: Serve the page',
        '    about: This starts it.',
        '    run: serve --port ${{ inputs.port }}',
        '    expect: result.exitCode == 0',
        '',
      ].join('\n'),
    });

    const {code, stdout, stderr} = await rig.runbook(['show', 'web']);

    assert.is(code, 0, stderr);
    for (const text of ['A web server', 'We serve a page.', 'Where it listens', '1. Serve the page', 'This starts it.'])
      assert.match(stdout, text);
    assert.match(stdout, /\$ .*serve --port/s);
    assert.match(stdout, '✔ result.exitCode == 0');
    const {steps} = JSON.parse((await rig.runbook(['show', 'web', '--format', 'json'])).stdout) as {
      steps: {id: string}[];
    };
    assert.is(steps[0]?.id, 'serve');
  }),
);

test(
  'schema prints the schema of the file, or of one step type',
  cliTest(async (rig) => {
    const whole = JSON.parse((await rig.runbook(['schema'])).stdout) as {$schema: string};
    const shell = JSON.parse((await rig.runbook(['schema', 'shell'])).stdout) as {
      properties: {with: {properties: object}};
    };
    const unknown = await rig.runbook(['schema', 'shel']);

    assert.match(whole.$schema, 'json-schema.org');
    assert.ok('run' in shell.properties.with.properties);
    assert.is(unknown.code, 2);
    assert.match(unknown.stderr, 'did you mean "shell"?');
  }),
);

test(
  'plan says what would happen and changes nothing',
  cliTest(async (rig) => {
    const file = '  - id: conf\n    uses: file.write\n    with: {path: ../made.txt, content: hello}\n';
    const runbook = `name: conf\ntitle: A file\nsteps:\n${file}  - id: after\n    run: touch after\n`;
    await rig.write({'runbooks/conf.yaml': runbook, 'made.txt': 'hello'});

    const {code, stdout, stderr} = await rig.runbook(['plan', 'conf']);

    assert.is(code, 0, stderr);
    assert.match(stdout, /= conf\s+skip .*already true/);
    assert.match(stdout, /▸ after\s+run/);
    assert.match(stdout, '1 skip, 1 run; nothing was changed');
    assert.not.ok(rig.exists('after'));
    assert.not.ok(rig.exists('.runbook'));
  }),
);

test(
  'show is also a page of Markdown and one of HTML, with all the prose, commands and checks',
  cliTest(async (rig) => {
    await rig.write({
      'web.yaml': `name: web
title: A page
about: "## Why\\n\\nA **page**."
inputs: {port: {type: integer, default: 80, about: "a | b"}}
steps:
  - id: write
    title: Write it
    uses: file.write
    with: {path: page, content: "a \`\`\`b\`\`\` c"}
  - id: look
    run: cat page
    effect: reads
    expect: result.stdout != ""
`,
    });
    const markdown = (await rig.runbook(['show', './web.yaml', '--format', 'markdown'])).stdout;
    assert.match(markdown, /^# A page\n\n#### Why\n/);
    assert.match(markdown, 'a \\| b');
    assert.match(markdown, '````sh\nprintf');
    assert.match(markdown, '- ✔ `result.stdout != ""`');
    const page = (await rig.runbook(['show', './web.yaml', '--format', 'html'])).stdout;
    assert.match(page, /^<!doctype html>/);
    assert.match(page, '<strong>page</strong>');
    assert.not.match(page, 'class="badge');
  }),
);

test(
  'shows paths from the folder of the runbook where that lies elsewhere, and says so',
  cliTest(async (rig) => {
    const shipped = fileURLToPath(new URL('../..', import.meta.url));
    for (const format of ['text', 'markdown', 'html']) {
      const {stdout} = await rig.runbook(['show', 'consul-cluster', '--format', format]);
      assert.not.ok(stdout.includes(shipped), `${format} has paths of this machine`);
      assert.match(stdout.replace(/<[^>]*>/g, ''), 'sh env/images/consul/build.sh runbook/consul:1.8.7');
      assert.match(stdout, /Paths in the commands begin in the folder of the package: `?cd &?/);
    }

    await rig.write({
      'ops/runbooks/image.yaml':
        'name: image\nsteps:\n  - id: image\n    uses: docker.image\n    with: {image: a/b:1, build: {definition: b, tag: a/b:1}}\n',
      'elsewhere/.keep': '',
    });
    const from = (cwd: string, path: string) => rig.runbook(['show', path], {cwd: join(rig.dir, cwd)});
    const [beside, far] = [await from('ops', 'image'), await from('elsewhere', '../ops/runbooks/image.yaml')];
    for (const {stdout} of [beside, far]) assert.match(stdout, '|| sh env/images/b/build.sh a/b:1');
    assert.not.match(beside.stdout, 'Paths in the commands');
    assert.match(far.stdout, 'Paths in the commands begin in the folder of the runbook, or in the one above it');
  }),
);

test(
  'runs lists what was run, and log shows what it printed',
  cliTest(async (rig) => {
    assert.match((await rig.runbook(['runs'])).stderr, 'no runs yet');
    await rig.write({'runbooks/hello.yaml': shellRunbook('hello', {a: 'echo from a', b: 'echo from b; exit 1'})});
    await rig.runbook(['run', 'hello']);

    const runs = await rig.runbook(['runs']);
    const log = await rig.runbook(['log']);
    const [{run}] = JSON.parse((await rig.runbook(['runs', '--json'])).stdout) as [{run: string}];
    const one = await rig.runbook(['log', run.slice(-4), 'b']);
    const entries = JSON.parse((await rig.runbook(['log', '--json'])).stdout) as {type: string}[];

    assert.match(runs.stdout, /hello\s+failed\s+1\/2/);
    assert.match(log.stdout, 'from a');
    assert.match(one.stdout, 'from b');
    assert.not.match(one.stdout, 'from a');
    assert.is(entries[0]?.type, 'run-started');
  }),
);

test(
  'no trace is shown without --debug',
  cliTest(async (rig) => {
    const quiet = await rig.runbook(['run', 'nothing-of-that-name']);
    const debug = await rig.runbook(['run', 'nothing-of-that-name', '--debug']);

    assert.not.match(quiet.stderr, /^ +at /m);
    assert.match(debug.stderr, /^ +at /m);
  }),
);

test.run();
