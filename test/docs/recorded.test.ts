/** The pages of the shipped runbooks say what is so: they are run again, for real. */
import {readdirSync} from 'node:fs';
import {basename} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {originOf} from '../../cli/recording/page.ts';
import {cliTest} from '../cli-rig.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {hasTools} from '../tools.ts';
import {projectFile, readProject} from './blocks.ts';

const test = suite('docs/tutorials');
const onEngine = hasTools('curl', 'dig', 'jq') ? engineTest(test) : test.skip;

/** Pages that share an engine, each finding what those before it made. */
const TOGETHER = [
  ['preflight', 'consul-cluster', 'deploy-webapp', 'failover-drill', 'swarm-drill', 'cleanup'],
  ['machines', 'dev-token-cluster', 'offer-image'],
];
const IMAGES = [
  'runbook/consul:1.8.7',
  'runbook/machine:1',
  'runbook/registry:2',
  'runbook/webapp:1',
  'runbook/busybox:1',
];
/** So long may they take at most, where one has to be run again. */
const LIMIT_MS = 900_000;

const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(projectFile(folder))
    .filter((name) => name.endsWith(ending) && name !== 'README.md')
    .map((name) => basename(name, ending))
    .sort();

test('there is a page of each shipped runbook, in the index too', () => {
  const runbooks = filesIn('runbooks', '.yaml');
  const index = readProject('docs/tutorials/README.md');

  assert.equal(filesIn('docs/tutorials', '.md'), runbooks);
  assert.equal(filesIn('docs/tutorials', '.html'), runbooks);
  assert.equal(TOGETHER.flat().sort(), runbooks);
  for (const name of runbooks) {
    assert.match(index, `[${name}](${name}.md)`);
    assert.match(index, `(${name}.html)`);
    assert.is(originOf(readProject(`docs/tutorials/${name}.md`))?.runbook, name);
  }
});

test('nothing in the pages speaks of the machine that they were made on', () => {
  for (const name of filesIn('runbooks', '.yaml'))
    for (const kind of ['md', 'html'])
      assert.not.match(readProject(`docs/tutorials/${name}.${kind}`), /\/(?:work|root|tmp|home\/\w+)\//, name);
});

for (const names of TOGETHER)
  onEngine(
    `a real run prints what these say: ${names.join(', ')}`,
    cliTest(async (rig) => {
      const engine = await testEngine();
      for (const image of IMAGES) await engine.load(image);

      const {code, stdout, stderr} = await rig.runbook(
        // the drills look at moments of an election: a busy machine may show one twice
        ['docs', ...names, '--check', '--tries', '3', '--out', projectFile('docs/tutorials')],
        {cwd: projectFile('.'), env: {...engine.env, RUNBOOK_STATE_DIR: rig.dir}},
      );

      assert.is(code, 0, `${stdout}${stderr.slice(stderr.indexOf('✖'))}`);
      assert.equal(
        stdout.trim().split('\n'),
        names.map((name) => `docs/tutorials/${name}.md is true`),
      );
    }, LIMIT_MS),
  );

test.run();
