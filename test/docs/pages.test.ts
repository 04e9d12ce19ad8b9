import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {type CliRig, cliTest} from '../cli-rig.ts';
import {engineTest, testEngine} from '../docker-engine.ts';
import {hasTools} from '../tools.ts';
import {projectFile} from './blocks.ts';
import {deedsOf, flawOf, playPage} from './stage.ts';

/** Pages whose commands another test types. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'docs/journal.md': 'docs/journal.test.ts',
  'docs/recording.md': 'cli/docs.test.ts',
  // generated from the step types, each of which proves its line
  'docs/step-types.md': 'steps/docker-run.test.ts',
};
/** Pages that need Docker. */
const ON_ENGINE = ['getting-started', 'resume', 'shell-scripts', 'troubleshooting'].map((name) => `docs/${name}.md`);
const IMAGES = ['runbook/consul:1.8.7', 'runbook/machine:1', 'runbook/registry:2', 'runbook/webapp:1'];
const LIMIT_MS = 300_000;

const test = suite('the pages of the documents');
const onEngine = hasTools('curl', 'dig', 'jq') ? engineTest(test) : test.skip;

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'ARCHITECTURE.md',
  ...readdirSync(projectFile('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].filter((page) => ELSEWHERE[page] === undefined);

const onTheEngine = async (page: string, rig: CliRig): Promise<void> => {
  const engine = await testEngine();
  for (const image of IMAGES) await engine.load(image);
  const env = {...engine.env, DOCKER_CONFIG: join(rig.dir, 'docker'), XDG_DATA_HOME: join(rig.dir, 'data')};
  try {
    await playPage(page, rig, {env, inside: engine.inside});
  } finally {
    const cleanup = ['npx', 'runbook', 'run', 'cleanup', '--yes'] as const;
    await rig.runbook([], {command: [...engine.inside, ...cleanup] as unknown as readonly [string, ...string[]], env});
  }
};

test('are typed by another test, if not by this one', () => {
  for (const [page, file] of Object.entries(ELSEWHERE))
    assert.ok(existsSync(projectFile(page)) && existsSync(projectFile(`test/${file}`)), page);
});

for (const page of PAGES) {
  test(`${page} says of each block that is not done why not`, () => {
    for (const deed of deedsOf(page)) assert.is(flawOf(deed), undefined, `${page}:${deed.block.line}`);
  });

  const isDone = deedsOf(page).some(({kind}) => kind === 'typed' || kind === 'shown');
  if (ON_ENGINE.includes(page))
    onEngine(
      `what ${page} says comes true, with Docker`,
      cliTest((rig) => onTheEngine(page, rig), LIMIT_MS),
    );
  else if (isDone)
    test(
      `what ${page} says comes true`,
      cliTest((rig) => playPage(page, rig), LIMIT_MS),
    );
}

test.run();
