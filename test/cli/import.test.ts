import {readFileSync} from 'node:fs';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {parse} from 'yaml';
import {type CliRig, cliTest} from '../cli-rig.ts';

const test = suite('import');

interface Step {
  readonly id: string;
  readonly title: string;
  readonly about?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

interface Imported {
  readonly title: string;
  readonly about: string;
  readonly inputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly steps: readonly Step[];
  /** The step of that id. */
  step(id: string): Step;
  readonly text: string;
  readonly stderr: string;
}

const fixture = (name: string): string => readFileSync(new URL(`import/${name}.md`, import.meta.url), 'utf8');

/** Imports a document, and has the engine say that the result is right. */
const imported = async (rig: CliRig, markdown: string): Promise<Imported> => {
  await rig.write({'doc.md': markdown});
  const {code, stderr} = await rig.runbook(['import', 'doc.md', '-o', 'made.yaml']);
  assert.is(code, 0, stderr);
  const valid = await rig.runbook(['validate', './made.yaml']);
  assert.is(valid.code, 0, valid.stderr);
  const text = await rig.read('made.yaml');
  const runbook = parse(text) as Omit<Imported, 'step' | 'text' | 'stderr'>;
  const step = (id: string): Step => {
    const found = runbook.steps.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no step ${id} in\n${text}`);
    return found;
  };
  return {...runbook, step, text, stderr};
};

test(
  'makes a valid runbook of the tutorial of 2016, in its order',
  cliTest(async (rig) => {
    const {title, about, steps, step} = await imported(rig, fixture('swarm-consul'));

    assert.is(title, 'Purpose');
    assert.match(about, 'Create a reproducible architecture');
    assert.equal(
      steps.map(({uses = 'shell'}) => uses),
      [
        ...['shell', 'shell', 'machine.create', 'machine.list', 'docker.run', 'docker.ps', 'machine.remove'],
        ...['docker.run', 'docker.inspect', 'docker.run', 'http.get', 'dns.lookup', 'consul.members'],
        ...['machine.inspect', 'http.get', 'consul.register'],
      ],
    );
    assert.equal(step('consul_server1').with, {
      name: 'consul-server1',
      image: 'progrium/consul',
      command: ['-server', '-bootstrap-expect', '3'],
      hostname: 'consul-server1',
    });
    assert.is(step('consul_server1').title, 'Consul');
    assert.match(step('consul_server1').about ?? '', 'We start the first node.');
    assert.match(steps.at(-1)?.about ?? '', 'https://docs.docker.com/swarm/install-manual/');
  }),
);

test(
  'a variable is an output, a placeholder is what an earlier step printed',
  cliTest(async (rig) => {
    const {step, stderr} = await imported(rig, fixture('swarm-consul'));

    assert.equal(step('join_ip').with, {name: 'consul-server1', show: 'ip'});
    assert.equal(step('consul_client1').with?.command, ['-join', '${{ steps.join_ip.outputs.ip }}']);
    assert.match(JSON.stringify(step('swarm_master').with), 'token://${{ steps.swarm_create.outputs.value }}');
    assert.is(step('get_page').with?.url, 'http://${{ steps.swarm_agent_00_ip.outputs.ip }}:5000');
    assert.match(stderr, /line 24 {2}swarm_master: "<TOKEN-FROM-ABOVE>" is taken from what an earlier step printed/);
  }),
);

test(
  'what was printed becomes a check on what stays the same; the rest is kept to read',
  cliTest(async (rig) => {
    const {step} = await imported(rig, fixture('swarm-consul'));

    assert.is(
      step('get_nodes').expect,
      '["consul-client1", "consul-server1"].all(n, result.json.exists(x, x.Node == n))',
    );
    assert.is(step('members').expect, '["consul-client1", "consul-server1"].all(n, n in result.alive)');
    assert.is(step('containers').expect, '"singletest" in result.names');
    assert.is(step('docker_version').expect, 'result.stdout.contains("Docker version")');
    assert.is(step('lookup_consul_server1').expect, 'size(result.answers) > 0');
    assert.match(step('lookup_consul_server1').about ?? '', '```text\n172.17.0.2\n```');
  }),
);

test(
  'steps go to the machine that the shell was pointed at, until it is removed',
  cliTest(async (rig) => {
    const {step} = await imported(rig, fixture('swarm-consul'));

    assert.is(step('singletest').on, 'swarm-master');
    assert.is(step('singletest').until, 'remove_swarm_master');
    assert.is(step('swarm_master').until, 'remove_swarm_master');
    assert.is(step('consul_server1').on, undefined);
  }),
);

test(
  'decisions stand in the runbook at their place, and --json gives them',
  cliTest(async (rig) => {
    const {text} = await imported(rig, fixture('swarm-consul'));
    const {code, stdout} = await rig.runbook(['import', 'doc.md', '--json']);

    assert.is(code, 0);
    const {decisions, steps} = JSON.parse(stdout) as {
      decisions: {line: number; step?: string; what: string}[];
      steps: {id: string; line: number}[];
    };
    assert.ok(decisions.length > 5);
    for (const {what} of decisions) assert.ok(text.includes(`# decide: ${what}`), what);
    const named = decisions.find(({step}) => step === 'register_webapp_training_server1');
    assert.is(named?.line, steps.at(-1)?.line);
    assert.match(named?.what ?? '', '192.168.99.101 was an address of the author’s');
  }),
);

test(
  'a Redis tutorial: containers, sessions, a password, code in lists',
  cliTest(async (rig) => {
    const {title, inputs, step, steps} = await imported(rig, fixture('redis'));

    assert.is(title, 'Redis in five minutes');
    assert.equal(step('my_redis').with?.volumes, ['./data:/data']);
    assert.equal(step('my_redis_redis_cli').with?.command, ['redis-cli', 'ping']);
    assert.is(step('my_redis_redis_cli').expect, 'result.stdout.contains("PONG")');
    assert.is(inputs.your_password?.secret, true);
    assert.match(step('my_redis_redis_cli_3').run ?? '', 'requirepass ${{ inputs.your_password }}');
    const session = steps.find(({uses}) => uses === 'confirm');
    assert.match(String(session?.with?.message), /docker exec -it my-redis redis-cli\n {4}get a\n/);
    assert.equal(steps.at(-1)?.with, {containers: ['my-redis']});
    assert.is(step('my_redis').until, 'remove_my_redis');
  }),
);

test(
  'an nginx tutorial: whole files are written, parts of files are not, sudo and flags are told',
  cliTest(async (rig) => {
    const {step, steps, text} = await imported(rig, fixture('nginx-compose'));

    assert.equal(step('write_index_html').with, {path: 'site/index.html', content: '<h1>Hello from nginx</h1>\n'});
    assert.not.ok(steps.some((one) => String(one.with?.path).includes('nginx.conf')));
    assert.is(step('compose_up').with?.file, 'site/docker-compose.yml');
    assert.match(text, '# decide: "sudo" is left out');
    assert.is(step('get_page').expect, 'result.body.contains("Hello from nginx")');
    assert.equal(step('post_api').with?.json, {name: 'web'});
    assert.match(text, '# decide: it stays a shell step: docker.run has no option for --gpus');
  }),
);

test(
  'a git tutorial: here-documents, continuations, cd, exports and loops',
  cliTest(async (rig) => {
    const {inputs, step, steps} = await imported(rig, fixture('git'));

    assert.equal(step('git_init').with, {run: 'git init -q -b main', cwd: 'demo'});
    assert.is(step('git_config').with?.run, 'git config user.name "${{ inputs.your_name }}"');
    const here = steps.find((one) => String(one.with?.run).startsWith('cat > notes.txt'));
    assert.is(here?.with?.run, "cat > notes.txt <<'END'\nIt's a note\nwith $two lines\nEND\n");
    assert.is(step('git_commit').with?.run, 'git commit -q \\\n-m "A first commit"\n');
    assert.is(inputs.greeting?.default, 'hello');
    assert.match(String(step('for_name').with?.run), 'echo "${{ inputs.greeting }} $name"\ndone');
    assert.is(step('git_push').with?.run, 'git push https://${{ inputs.git_host }}/demo.git');
    assert.match(step('git_push').about ?? '', 'print("not a command")');
  }),
);

test(
  'a Kubernetes tutorial with the line ends of Windows and root’s prompt',
  cliTest(async (rig) => {
    const {step, text} = await imported(rig, fixture('kubernetes'));

    assert.is(step('kubectl_apply').run, 'kubectl apply -f ${{ steps.write_deployment_yaml.outputs.path }}');
    assert.is(step('kubectl_get').expect, 'result.stdout.contains("web")');
    assert.is(step('kubectl_get_2').expect, undefined, 'the names of pods are made anew each time');
    assert.is(step('type_kubectl_port_forward').uses, 'confirm');
    assert.not.match(text, '\r');
  }),
);

test(
  'what the git tutorial became can be run',
  cliTest(async (rig) => {
    const {steps} = await imported(rig, fixture('git').replace(/^git push.*$/m, ''));
    const env = {GIT_AUTHOR_EMAIL: 'a@example.org', GIT_COMMITTER_EMAIL: 'a@example.org'};

    const {code, stderr} = await rig.runbook(['run', './made.yaml', '--set', 'your_name=Ada'], {env});

    assert.is(code, 0, stderr);
    assert.match(stderr, `: ${steps.length} ran`);
    assert.ok(rig.exists('demo/notes.txt'));
  }),
);

test(
  'refuses what holds no command, is no text or is not there, and overwrites nothing',
  cliTest(async (rig) => {
    await rig.write({'prose.md': '# Title\n\nOnly words.\n', 'empty.md': '', 'binary.md': 'a\0b', 'made.yaml': 'mine'});
    await rig.write({'good.md': '    $ echo hello\n'});
    const refused: readonly (readonly [string, string])[] = [
      ['prose.md', 'nothing-to-import'],
      ['empty.md', 'nothing-to-import'],
      ['binary.md', 'bad-encoding'],
      ['missing.md', 'file-unreadable'],
      ['.', 'not-a-file'],
    ];

    for (const [file, code] of refused) {
      const ended = await rig.runbook(['import', file]);
      assert.is(ended.code, 2, file);
      assert.match(ended.stderr, `[${code}]`);
      assert.is(ended.stdout, '');
    }
    const over = await rig.runbook(['import', 'good.md', '-o', 'made.yaml']);
    assert.is(over.code, 2);
    assert.match(over.stderr, '[file-exists]');
    assert.is(await rig.read('made.yaml'), 'mine');
  }),
);

test(
  'stands whatever documents hold',
  cliTest(async (rig) => {
    const odd = [
      '# <b>Ünïcode</b> 🚀 & `code`\n\n```sh\necho "unclosed\nls\n```\n',
      "- a\n  - b\n\n        $ echo 'deep'\n\n<!-- ```\n$ no\n``` -->\n",
      "> ```bash\n> echo '<name>' ${{ github.ref }}\n> ```\n",
      '```bash\n$ echo $HOME `date` $((1 + 2)) \\\n\t| tr a b\n```\n~~~\n',
      '```bash\ncat <<EOF\nnever closed <placeholder>\n```\n\n```sh\n#!/bin/sh\nset -e\nif true; then\n  ls\nfi\n```\n',
      "```\n$ docker run -d -p nonsense nginx\n$ docker run\n$ docker\n$ curl\n$ A=\n$ eval `ssh-agent`\n$ echo 'YOUR_TOKEN'\n```\n",
    ];
    for (const markdown of odd) {
      await rig.write({'odd.md': markdown});
      const {code, stdout, stderr} = await rig.runbook(['import', 'odd.md']);
      assert.is(code, 0, `${markdown}\n${stderr}`);
      await rig.write({'odd.yaml': stdout});
      const valid = await rig.runbook(['validate', './odd.yaml']);
      assert.is(valid.code, 0, `${stdout}\n${valid.stderr}`);
    }
  }),
);

test.run();
