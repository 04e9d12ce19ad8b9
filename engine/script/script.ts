import type {Node} from '../graph.ts';
import type {Host} from '../host.ts';
import {resolveInputs} from '../inputs.ts';
import type {Input, Runbook} from '../runbook.ts';
import {variableName} from '../scopes.ts';
import {openSession} from '../session.ts';
import {quote, variable} from '../sh.ts';
import type {Json, Registry} from '../step-type.ts';
import {Store} from '../store.ts';
import {JQ_HELPERS} from './jq-forms.ts';
import {PARTS, PRELUDE} from './prelude.ts';
import {type ShellStep, ShellSteps} from './shell-step.ts';
import {assignments} from './shell-values.ts';
import {withoutUnread} from './unread.ts';

export interface ScriptRequest {
  readonly runbook: Runbook;
  readonly registry: Registry;
  /** Inputs as given by `--set`, unread. */
  readonly set: Readonly<Record<string, string>>;
  readonly envFiles: readonly string[];
}

export interface ShellScript {
  readonly text: string;
  /** What the script does not check or can't do, by step. */
  readonly gaps: ReadonlyMap<string, readonly string[]>;
}

/**
 * A POSIX shell script that does what the runbook does, without this program: each step with its check before (skipped
 * where it is true) and after (waited for). Inputs that are neither given nor have a default are variables, and so are secrets.
 * @throws RunbookError when an input is wrong, or a `foreach` needs one that is not given
 */
export const shellScript = async (request: ScriptRequest, host: Host): Promise<ShellScript> => {
  const {runbook, registry, envFiles} = request;
  const open = [...runbook.inputs.values()].filter((input) => isOpen(input, request.set));
  const inputs = {
    ...known(runbook, request.set, open),
    ...Object.fromEntries(open.map(({name}) => [name, variable(variableName(name))])),
  };
  const session = await openSession({
    host,
    registry,
    runbook,
    envFiles,
    inputs,
    store: new Store(host.stateDir),
    cwd: host.cwd,
    run: '',
  });
  const rendering = new ShellSteps(session);
  for (const input of open) rendering.give(variableName(input.name), input.type === 'string' ? 'text' : 'json');
  const nodes = [...session.graph.nodes.values()];
  const steps = withoutUnread(nodes.map((node) => rendering.render(node)));
  const names = new Map(steps.map(({key, name}) => [key, name]));
  const laterOf = ({scope, step: {until}}: Node): string[] =>
    until === undefined ? [] : session.graph.keysOf(scope, until).flatMap((key) => names.get(key) ?? []);
  const body = nodes.map((node, index) => stepText(node, steps[index] as ShellStep, laterOf(node))).join('\n');
  const parts = [header(runbook, open), prelude(body, functionsOf(steps)), body, ending(runbook)];
  return {
    text: `${parts.join('\n\n')}\n`,
    gaps: new Map(steps.filter((step) => step.gaps.length > 0).map((step) => [step.key, step.gaps])),
  };
};

const isOpen = (input: Input, set: Readonly<Record<string, string>>): boolean =>
  input.secret || (input.default === undefined && !Object.hasOwn(set, input.name));

const known = (
  runbook: Runbook,
  set: Readonly<Record<string, string>>,
  open: readonly Input[],
): Record<string, Json> => {
  const names = new Set(open.map(({name}) => name));
  const inputs = new Map([...runbook.inputs].filter(([name]) => !names.has(name)));
  const given = Object.fromEntries(Object.entries(set).filter(([name]) => !names.has(name)));
  return {...resolveInputs({name: runbook.name, inputs}, given)};
};

const header = (runbook: Runbook, open: readonly Input[]): string =>
  [
    '#!/bin/sh',
    `# ${runbook.title}`,
    '#',
    `# Made from the runbook "${runbook.name}" by: runbook show ${runbook.name} --format sh`,
    '# It does the same steps in their order, one after the other: what is true already is skipped, what was done is proven.',
    '# When a step fails, repair the cause and start it again. It sets no time limit for a command, and undoes nothing.',
    '#',
    "# Functions are called by their step's name, and single quotes are meant:",
    '# shellcheck disable=SC2016,SC2317,SC2329',
    'set -eu',
    '',
    ...open.map(
      ({name, about}) =>
        `: "\${${variableName(name)}:?${about === undefined ? 'needed' : quoteInside(firstLine(about))}}"`,
    ),
    `state=\${RUNBOOK_SCRIPT_STATE:-./${runbook.name}.state}`,
  ].join('\n');

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
const quoteInside = (text: string): string => text.replace(/[\\"$`}]/g, '');

const TOOLS = ['docker', 'curl', 'dig', 'jq', 'openssl'];

const functionsOf = (steps: readonly ShellStep[]): string[] => [
  ...new Set(steps.flatMap(({functions}) => (functions === undefined ? [] : [functions]))),
];

const prelude = (body: string, functions: readonly string[]): string => {
  const calls = (name: string): boolean => new RegExp(`^ *${name} |\\b${name} "`, 'm').test(body);
  const wanted: Record<string, boolean> = {
    look: calls('look'),
    converge: calls('converge'),
    act: calls('act') || calls('act_unless_true') || calls('act_once'),
    first: calls('act_unless_true'),
    once: calls('act_once'),
    keep: calls('keep'),
  };
  const parts = Object.entries(PARTS).flatMap(([name, text]) => (wanted[name] ? [text] : []));
  const helpers = body.includes('"$cel"') ? [`cel=${quote(`${JQ_HELPERS}\n`)}`] : [];
  const tools = TOOLS.filter((tool) => callsTool(tool, [...functions, body].join('\n')));
  return [
    ...(tools.length === 0 ? [] : [toolCheck(tools)]),
    'touch "$state"\n# shellcheck source=/dev/null\n. "$state"',
    PRELUDE + parts.join('\n'),
    ...helpers,
    ...functions,
  ].join('\n\n');
};

/** A line with an `|| echo` of its own does without the tool. */
const callsTool = (tool: string, lines: string): boolean =>
  new RegExp(`(^|[({|;&!]) *${tool} `, 'm').test(lines.replace(/^ *(#|step ).*$|^.*\|\| echo .*$/gm, ''));

const toolCheck = (tools: readonly string[]): string =>
  [
    'needs() { command -v "$1" >/dev/null || { echo "$1 is needed, and is not here" >&2; exit 3; }; }',
    ...tools.map((tool) => `needs ${tool}`),
  ].join('\n');

const seconds = (ms: number): number => Math.ceil(ms / 1000);

const CALLS = {look: 'look', converge: 'converge', act: 'act', once: 'act_once'} as const;

const stepText = (node: Node, step: ShellStep, later: readonly string[]): string => {
  const {name, key, title, checks, command, gaps} = step;
  const conditions = [...step.guards, ...later.map((one) => `! is_done ${one}`)];
  const calls = callLines(node, step);
  return [
    '',
    `# --- ${title}${key === name ? '' : ` (${key})`}`,
    ...gaps.map((gap) => `# NOT IN THIS SCRIPT: ${gap}`),
    ...functionText(`${name}_run`, command.trimEnd().split('\n'), step.isSecret ? ' >/dev/null' : ''),
    ...(checks.length === 0 ? [] : functionText(`${name}_check`, chained(checks))),
    ...(conditions.length === 0
      ? calls
      : [`if ${conditions.join(' && ')}; then`, ...calls.map((line) => `  ${line}`), 'fi']),
  ].join('\n');
};

const functionText = (name: string, lines: readonly string[], redirection = ''): string[] => {
  // an indented here-document or quoted text would be another text
  const isPlain = lines.length === 1 || lines.every((line) => /^[\w./$"{} -]*$/.test(line));
  return [`${name}() {`, ...lines.map((line) => (isPlain ? `  ${line}` : line)), `}${redirection}`];
};

const chained = (checks: readonly string[]): string[] =>
  checks.flatMap((check, index) => `${check}${index < checks.length - 1 ? ' &&' : ''}`.split('\n'));

const callLines = (node: Node, step: ShellStep): string[] => {
  const {name, kind, expects, before} = step;
  const {withinMs, retry, checkFirst, verify} = node.step;
  const within = seconds(Math.max(withinMs, ...verify.map((action) => action.withinMs ?? 0)));
  const call = kind === 'act' && checkFirst ? 'act_unless_true' : CALLS[kind];
  const isAct = kind === 'act' || kind === 'once';
  const numbers = kind === 'look' ? `${within}` : `${within} ${retry.attempts} ${seconds(retry.delayMs)}`;
  const head = [
    `step ${quote(step.title)}`,
    ...before,
    `${call} ${name} ${numbers}${isAct && step.isCaptured ? ' capture' : ''}`,
  ];
  const sets = outputLines(node, step);
  if (!isAct) return [...head, ...sets];
  const proofs = expects.map((one) => `${one} || fail "${name}: what it printed is not what was expected"`);
  const after = [...proofs, ...sets];
  return [
    ...head,
    ...(after.length === 0 ? [] : ['if has_run; then', ...after.map((line) => `  ${line}`), 'fi']),
    `finished ${name}`,
  ];
};

/** What can't be looked at again is kept beside what was done. */
const outputLines = (node: Node, {outputs, kind, isSecret, name}: ShellStep): string[] => {
  const isKept = !isSecret && (kind === 'act' || kind === 'once' || node.step.until !== undefined);
  return outputs.flatMap(({variable: one, command, isExact}) => [
    `${assignments(one, command, isExact).join(' &&\n')} || fail "${name}: what later steps read of it can't be told"`,
    ...(isKept ? [`keep ${one} "$${one}"`] : []),
  ]);
};

const ending = (runbook: Runbook): string => `step ${quote(`Done: ${runbook.title}`)}`;
