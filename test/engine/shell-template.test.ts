import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {RunbookError} from '../../engine/errors.ts';
import type {Expression} from '../../engine/expression.ts';
import {Mistakes} from '../../engine/mistakes.ts';
import {readScript} from '../../engine/read-script.ts';
import {variable} from '../../engine/sh.ts';
import {displayOptions, displayScript, renderOptions, renderScript} from '../../engine/shell-template.ts';
import {source} from '../../engine/source.ts';
import type {ScriptValue} from '../../engine/template.ts';
import {parseYaml, type YamlScalar} from '../../engine/yaml.ts';
import {registry} from './loading.ts';

const test = suite('shell-template');

const read = (script: string, taken: readonly string[] = []) => {
  const mistakes = new Mistakes(source('f.yaml', JSON.stringify(script)));
  const template = readScript(parseYaml(mistakes) as YamlScalar, taken, mistakes);
  const parts =
    template.kind === 'script' ? template.parts : template.kind === 'literal' ? [String(template.value)] : [];
  return {template, parts, problems: mistakes.sorted};
};

const holes = (script: string): readonly string[] =>
  read(script).parts.flatMap((part) => (typeof part === 'string' ? [] : [part.quoting]));

const names = (script: string, taken?: readonly string[]): readonly string[] =>
  read(script, taken).parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));

const shell = async (text: string, env: Record<string, string> = {}, file = 'sh'): Promise<string> =>
  (await promisify(execFile)(file, ['-euc', text], {env: {PATH: process.env.PATH, ...env}})).stdout;

const evaluate = (value: unknown) => (expression: Expression) =>
  expression.evaluate({inputs: {x: value, name: 'n', PATH: '/p', n: 3}, env: {}, steps: {}});

const SCRIPTS = [
  'printf %s ${{ inputs.x }}',
  'printf %s "${{ inputs.x }}"',
  'printf %s pre${{ inputs.x }}post',
  'printf %s "pre $(printf %s ${{ inputs.x }}; printf .) post"',
  'printf %s "$(printf %s "${{ inputs.x }}" | cat; printf .)"',
  'cat <<EOF\n[${{ inputs.x }}]\nEOF',
  'cat <<-EOF\n\t[${{ inputs.x }}]\n\tEOF\nprintf %s "${{ inputs.x }}"',
  "printf '%s' 'a # b' ${{ inputs.x }} # ${{ inputs.x }} '",
  'case ${{ inputs.x }} in a) printf a;; *) printf %s ${{ inputs.x }};; esac',
  'v=${{ inputs.x }}; printf %s "$(case 1 in 1) printf %s ${{ inputs.x }};; esac; printf .)$v"',
  'f() { printf %s "$1"; }; (f ${{ inputs.x }})',
  'if true; then printf %s ${{ inputs.x }}; fi; echo "${PATH:+"}"}" >/dev/null || printf %s ${{ inputs.x }}',
];

const reference = (script: string, value: string): string =>
  script.replace(/\s+# \$\{\{.*$/, '').replaceAll('${{ inputs.x }}', value);

const texts = fc.oneof(
  fc.string({unit: 'binary'}),
  fc.string({
    unit: fc.constantFrom("'", '"', '\\', '$', '`', ' ', '\n', '*', '{', '}', ')', ';', '#', '%', 'a', '-', '!'),
  }),
);

test('any value arrives unchanged in a real shell, run or pasted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...SCRIPTS), texts, async (script, text) => {
      // neither NUL nor our own markers can be in a value
      const value = text.replace(/[\0\ue000\ue001]/g, '');
      const {parts, problems} = read(script);
      assert.equal(problems, []);
      const {text: run, env} = renderScript(parts, evaluate(value));
      // what the shell has to print: the same script with a harmless word, which stands for the value in the output
      const expected = (await shell(reference(script, 'WORD'))).replaceAll('WORD', () => value);

      // a pattern would match the value of `case`; everything else is compared
      assert.is(await shell(run, env), expected);
      if (!(script.includes('<<') && /(^|\n)\t*EOF(\n|$)/.test(value)))
        assert.is(await shell(displayScript(parts, evaluate(value))), expected);
    }),
    {numRuns: 300},
  );
});

test('nothing of a value is ever run', async () => {
  for (const evil of [
    '$(echo gotcha >&2; exit 9)',
    '`exit 9`',
    '"; exit 9; "',
    "'; exit 9; '",
    '${x:?}',
    '\\',
    '$((1/0))',
    '*',
    '~',
    '-n',
  ]) {
    for (const script of SCRIPTS) {
      const {parts} = read(script);
      const {text, env} = renderScript(parts, evaluate(evil));
      assert.ok((await shell(text, env)).includes(evil));
      assert.ok((await shell(text, env, 'bash')).includes(evil));
    }
  }
});

test('knows where a value is bare, in double quotes or in a here-document', () => {
  const cases: Record<string, readonly string[]> = {
    'echo ${{ inputs.x }} "${{ inputs.x }}"': ['bare', 'double'],
    "echo 'it'\"'\"'s' ${{ inputs.x }}": ['bare'],
    'echo \\" ${{ inputs.x }} \\"': ['bare'],
    'cat <<EOF\n"${{ inputs.x }}"\nEOF\necho ${{ inputs.x }}': ['here', 'bare'],
    'cat <<EOF\n$(echo ${{ inputs.x }} "${{ inputs.x }}")\nEOF': ['bare', 'double'],
    'echo "$(echo "$(echo ${{ inputs.x }})" "${{ inputs.x }}")"': ['bare', 'double'],
    'echo a#b ${{ inputs.x }}': ['bare'],
    'echo $# ${{ inputs.x }}': ['bare'],
    'echo "${HOME#x}" ${{ inputs.x }}': ['bare'],
    'echo $((1 + (2 * 3))) ${{ inputs.x }}': ['bare'],
    'cat <<<${{ inputs.x }}': ['bare'],
    'echo "a\n# b" ${{ inputs.x }}': ['bare'],
    '# ${{ inputs.x }}\necho ${{ inputs.x }}': ['bare'],
    'cat <<A <<B\n${{ inputs.x }}\nA\n"\nB\necho "${{ inputs.x }}"': ['here', 'double'],
  };
  for (const [script, expected] of Object.entries(cases)) assert.equal(holes(script), expected, script);
});

test('refuses places where a shell would change or run a value', () => {
  const scripts = [
    "echo '${{ inputs.x }}'",
    "echo $'${{ inputs.x }}'",
    'echo `echo ${{ inputs.x }}`',
    'echo "`echo ${{ inputs.x }}`"',
    'echo $((1 + ${{ inputs.n }}))',
    '(( ${{ inputs.n }} > 1 ))',
    'echo ${HOME:-${{ inputs.x }}}',
    'echo \\${{ inputs.x }}',
    "cat <<'EOF'\n${{ inputs.x }}\nEOF",
    'cat <<\\EOF\n${{ inputs.x }}\nEOF',
    'cat <<${{ inputs.x }}\nEOF',
  ];
  for (const script of scripts) {
    const {problems} = read(script);
    assert.equal(
      problems.map(({code}) => code),
      ['bad-template'],
      script,
    );
    assert.ok(problems[0]?.next?.[0]);
  }
});

test('names variables after what they carry, and clear of everything else', () => {
  assert.equal(names('echo ${{ inputs.name }} ${{ inputs.name }} ${{ inputs.name + "" }}'), ['NAME', 'NAME', 'NAME_2']);
  assert.equal(names('echo ${{ steps.server1.outputs.ip }} ${{ env.IMAGE }} ${{ item.key }}'), [
    'SERVER1_IP',
    'IMAGE',
    'ITEM_KEY',
  ]);
  assert.equal(names('echo ${{ inputs.path }} ${{ inputs.docker_host }} ${{ 1 + 1 }}'), [
    'RB_PATH',
    'RB_DOCKER_HOST',
    'VALUE',
  ]);
  assert.equal(names('NAME=1; echo $NAME ${{ inputs.name }}'), ['RB_NAME']);
  assert.equal(names('echo ${{ inputs.name }}', ['NAME']), ['RB_NAME']);
});

test('shows unknown values and secrets as variables', () => {
  const {parts} = read('a ${{ inputs.x }} "b ${{ inputs.x }}"');
  assert.is(displayScript(parts, evaluate(`p-${variable('PASSWORD')}`)), 'a p-"$PASSWORD" "b p-${PASSWORD}"');
});

test('refuses a NUL, which no environment can carry', () => {
  const {parts} = read('echo ${{ inputs.x }}');
  try {
    renderScript(parts, evaluate('a\0b'));
    assert.unreachable();
  } catch (error) {
    assert.is(error instanceof RunbookError && error.code, 'bad-value');
  }
});

test('hands the values to the option env, beside what the author gave', () => {
  const type = registry.get('shell');
  if (type === undefined) return assert.unreachable();
  const {template} = read('echo ${{ inputs.name }}');
  const options = {
    kind: 'map',
    entries: new Map([
      ['run', template],
      ['env', {kind: 'literal', value: {A: '1'}} as const],
    ]),
  } as const;

  assert.equal(renderOptions(type, options, evaluate('')), {run: 'echo "$NAME"', env: {A: '1', NAME: 'n'}});
  assert.equal(displayOptions(type, options, evaluate('')), {run: 'echo n', env: {A: '1'}});
});

test('a script without expressions is taken as it is', () => {
  const script = "echo 'x' `y` $((1)) \\$${{ literal }}";
  assert.equal(
    read(script).parts.filter((part): part is ScriptValue => typeof part !== 'string'),
    [],
  );
  assert.equal(read("echo 'unclosed").problems, []);
});

test.run();
