import type {Block} from './blocks.ts';

/*
 * How a YAML block of the documents is marked, behind "yaml":
 *   runbook NAME   a whole file NAME.yaml
 *   steps          entries of `steps:`; what they may read is below
 *   inputs         entries of `inputs:`
 *   wrong CODE     steps that are refused with this error
 */

/** What examples of steps may read. */
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

/** The runbook that an example uses. */
export const CHILD =
  'name: backup\ninputs:\n  target: {type: string}\nsteps:\n  - id: copy\n    run: cp data ${{ inputs.target }}\n';

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');

/** The whole file that a block is, or is a part of. */
export const asFile = ({mark, text}: Block): {name: string; content: string} => {
  const [kind, name = 'example'] = mark.split(' ');
  if (kind === 'runbook') return {name, content: text};
  if (kind === 'inputs')
    return {name: 'example', content: `name: example\ninputs:\n${indented(text)}steps:\n  - id: a\n    run: 'true'\n`};
  return {name: 'example', content: AROUND + indented(text)};
};

/** What stands in `env/` for all examples. */
export const ENV_FILES: Readonly<Record<string, string>> = {
  'images.env': 'CONSUL_IMAGE=hashicorp/consul:1.21.4\nWEB_IMAGE=nginx:1.27\n',
  'tour.env': 'SITE=example.org\n',
  'passwords.env': 'DB_PASSWORD=battery staple\n',
};
