import type {ShellStep} from './shell-step.ts';

/** Without the variables that nothing reads. */
export const withoutUnread = (steps: readonly ShellStep[]): readonly ShellStep[] => {
  const lines = steps.flatMap(({guards, before, command, checks, expects, outputs}) => [
    ...[...guards, ...before, command, ...checks, ...expects],
    ...outputs.map((output) => output.command),
  ]);
  const names = lines.flatMap((line) => [...line.matchAll(/"\$([A-Z_][A-Z0-9_]*)"|\$\{([A-Z_][A-Z0-9_]*)\}/g)]);
  const read = new Set(names.map(([, quoted, braced]) => quoted ?? braced));
  const left = steps.map((step) => ({...step, outputs: step.outputs.filter(({variable: name}) => read.has(name))}));
  const isSame = left.every((step, index) => step.outputs.length === steps[index]?.outputs.length);
  return isSame ? steps : withoutUnread(left);
};
