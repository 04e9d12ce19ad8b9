import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'uvu';
import * as assert from 'uvu/assert';
import {type LoadOptions, type Problem, validateFile} from '../../engine/index.ts';
import {registry} from '../../steps/index.ts';
import {type Block, blocksOf, readProject} from './blocks.ts';

/*
 * How a YAML block of the documents is marked, behind "yaml":
 *   runbook NAME   a whole file NAME.yaml
 *   steps          entries of `steps:`; what they may read is below
 *   inputs         entries of `inputs:`
 *   wrong CODE     steps that are refused with this error
 */
const DOCUMENTS = ['README.md', 'docs/writing-runbooks.md', 'docs/resume.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md'];

const AROUND = `name: example
env: [images.env]
inputs:
  servers: {type: integer, default: 3}
  names: {type: list, default: [a, b]}
  greeting: {type: string, default: hello}
  drill: {type: boolean, default: false}
  password: {type: string, secret: true}
steps:
`;

const CHILD =
  'name: backup\ninputs:\n  target: {type: string}\nsteps:\n  - id: copy\n    run: cp data ${{ inputs.target }}\n';

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');

const asFile = ({mark, text}: Block): {name: string; content: string} => {
  const [kind, name = 'example'] = mark.split(' ');
  if (kind === 'runbook') return {name, content: text};
  if (kind === 'inputs')
    return {name: 'example', content: `name: example\ninputs:\n${indented(text)}steps:\n  - id: a\n    run: 'true'\n`};
  return {name: 'example', content: AROUND + indented(text)};
};

const problemsOf = async (block: Block): Promise<readonly Problem[]> => {
  const dir = await mkdtemp(join(tmpdir(), 'runbook-docs-'));
  try {
    const {name, content} = asFile(block);
    const file = join(dir, 'runbooks', `${name}.yaml`);
    await mkdir(join(dir, 'runbooks'));
    await mkdir(join(dir, 'env'));
    await writeFile(join(dir, 'env/images.env'), 'CONSUL_IMAGE=hashicorp/consul:1.21.4\nWEB_IMAGE=nginx:1.27\n');
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
