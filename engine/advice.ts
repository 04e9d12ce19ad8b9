import type {Code, Problem} from './errors.ts';

/** Nobody is left with nothing to do. */
export const advised = (problem: Problem): Problem => {
  const advice = ADVICE[problem.code];
  const knows = problem.expected !== undefined || (problem.next ?? []).length > 0;
  return knows || advice === undefined ? problem : {...problem, next: [advice]};
};

/** What to do about a mistake in a file or an expression where that itself has nothing better to say. */
const ADVICE: Partial<Readonly<Record<Code, string>>> = {
  'no-such-runbook': 'mend the path, or see the names there are: runbook list',
  'not-a-file': 'name the file of a runbook, such as ./my.yaml',
  'file-unreadable': 'look at its permissions, and at those of its folder',
  'file-too-large': 'break the line, or split the runbook: `uses: runbook` joins the parts',
  'empty-runbook': 'write at least one step: steps: [{id: hello, run: echo hello}]',
  'yaml-syntax':
    'mend the YAML there: indent with spaces, close what is open, and quote what holds ": ", " #" or a bracket',
  'duplicate-key': 'remove one of the two, or give one another name',
  'alias-bomb': 'use fewer aliases, and none inside of what it names',
  'unknown-key': 'remove it, or see the keys there are: runbook schema',
  'missing-key': 'add it there',
  'wrong-type': 'give it a value of that kind',
  'bad-value': 'give it a value that fits',
  'bad-id': 'take a letter, then letters, digits and _, in lower case',
  'duplicate-id': 'give each step a name of its own',
  'unknown-option': 'remove it, or see the options there are: runbook schema',
  'unknown-input': 'declare it under "inputs", or mend the name',
  'unknown-step': 'mend the name, or add that step before this one',
  'unknown-output': 'mend the name, or declare it under "outputs" of that step',
  'unknown-variable': 'read what is known there: inputs, env, steps, item, result or run',
  'not-before': 'put the step that is needed before this one',
  cycle: 'remove one of the needs',
  'bad-expression': 'mend the expression there; it is CEL, as in: inputs.name == "web" && size(result.json) > 0',
  'expression-failed': 'see that all it reads is there, and of that kind: has(result.x), int("1"), string(1)',
  'bad-template': 'mend what stands between "${{" and "}}"',
  'bad-combination': "remove one of what can't stand together, or add what is missing",
  'secret-in-argv': 'hand the secret over by environment, standard input or request',
  'env-file': "make the file in the folder env/ beside the runbook's folder, or mend its name",
  'input-missing': 'give it under "inputs"',
};
