import {type Call, type CommandFile, examples} from '../command.ts';
import type {Finding} from '../doctor/doctor.ts';
import {labelled, nextSteps} from '../report.ts';
import {machineOf} from '../requirements.ts';
import {padded, widthOf} from '../width.ts';

interface Options {
  readonly fix?: boolean;
}

/** What is missing on this machine, and how to get it. */
export const doctor: CommandFile = {
  define(command) {
    command
      .summary('say what is missing on this machine, or get it')
      .description('Looks at this machine and says what is missing and how to get it. Exits with 3 when something is.');
    command.option('--fix', 'install and start what is missing, where that can be done');
    examples(command, [
      ['runbook doctor', 'what is missing'],
      ['runbook doctor --fix', 'install and start it'],
      ['runbook doctor --json', 'for a program'],
    ]);
  },

  async act(call) {
    const {diagnose, missing, repair} = await import('../doctor/doctor.ts');
    const machine = machineOf(call);
    let findings = await diagnose(machine);
    const fixable = missing(findings).some((finding) => finding.fixable);
    if (call.options<Options>().fix === true && fixable) {
      await repair(machine, (text) => void call.around.stderr.write(text));
      findings = await diagnose(machine);
    }
    const absent = missing(findings);
    if (call.json) call.printJson({ok: absent.length === 0, findings});
    else call.print([...findingLines(findings, call), '', verdict(absent, call)]);
    return absent.length === 0 ? 0 : 3;
  },
};

const findingLines = (findings: readonly Finding[], {outStyle: style, around}: Call): string[] => {
  const width = Math.max(0, ...findings.map(({name}) => widthOf(name)));
  return findings.flatMap(({name, ok, found, need, fix, required}) => {
    const [mark, format] = ok
      ? (['✔', 'green'] as const)
      : required
        ? (['✖', 'red'] as const)
        : (['!', 'yellow'] as const);
    const word = ok ? '' : required ? style('red', 'missing: ') : style('yellow', 'note: ');
    return [
      `  ${style(format, mark)} ${padded(name, width)}  ${word}${found}`,
      ...(ok || need === undefined ? [] : labelled('needed', need, style).map((line) => `    ${line}`)),
      ...(ok || fix === undefined ? [] : nextSteps(fix, {style, program: around.program}).map((line) => `    ${line}`)),
    ];
  });
};

const verdict = (absent: readonly Finding[], {outStyle: style}: Call): string => {
  if (absent.length === 0) return style('green', 'nothing is missing');
  const names = absent.map(({name}) => name).join(', ');
  const how = absent.some(({fixable}) => fixable) ? '; let it be done: runbook doctor --fix' : '';
  return `${style('red', `missing: ${names}`)}${how}`;
};
