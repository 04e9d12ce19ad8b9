import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'uvu';
import * as assert from 'uvu/assert';
import {type LoadOptions, type Problem, validateFile} from '../../engine/index.ts';
import {registry} from '../../steps/index.ts';
import {type Block, blocksOf, readProject} from './blocks.ts';
import {asFile, CHILD, ENV_FILES} from './example-file.ts';

const DOCUMENTS = [
  ...['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md'],
  ...['getting-started', 'writing-runbooks', 'resume', 'teams', 'troubleshooting', 'import'].map(
    (name) => `docs/${name}.md`,
  ),
];

const problemsOf = async (block: Block): Promise<readonly Problem[]> => {
  const dir = await mkdtemp(join(tmpdir(), 'runbook-docs-'));
  try {
    const {name, content} = asFile(block);
    const file = join(dir, 'runbooks', `${name}.yaml`);
    await mkdir(join(dir, 'runbooks'));
    await mkdir(join(dir, 'env'));
    for (const [name, text] of Object.entries(ENV_FILES)) await writeFile(join(dir, 'env', name), text);
    await writeFile(file, content);
    await writeFile(join(dir, 'runbooks/backup.yaml'), CHILD);
    const find: LoadOptions['find'] = async (child) => join(dir, 'runbooks', `${child}.yaml`);
    return await validateFile(file, {registry, requirements: ['docker', 'curl'], find});
  } finally {
    await rm(dir, {recursive: true, force: true});
  }
};

const inWords = (problems: readonly Problem[]): string =>
  problems.map(({code, message, place}) => `${place?.line}: ${message} [${code}]`).join('\n');

for (const document of DOCUMENTS) {
  const blocks = blocksOf(readProject(document)).filter(({language}) => language === 'yaml');
  for (const block of blocks)
    test(`the example in line ${block.line} of ${document} is ${block.mark === '' ? 'marked' : `right: ${block.mark}`}`, async () => {
      const [kind, code] = block.mark.split(' ');
      assert.ok(['runbook', 'steps', 'inputs', 'wrong'].includes(kind ?? ''), 'say what it is, behind "yaml"');

      const problems = await problemsOf(block);

      if (kind === 'wrong')
        assert.ok(
          problems.some((problem) => problem.code === code),
          inWords(problems),
        );
      else assert.is(inWords(problems), '');
    });
}

test.run();
