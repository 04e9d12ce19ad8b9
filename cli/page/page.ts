import type {DescribedCheck, Problem, ReportedStep, RunReport} from '../../engine/index.ts';
import {pathsNote} from '../paths-note.ts';
import {dateTime, spoken, ticking} from '../time.ts';
import {BEHAVIOUR} from './behaviour.ts';
import {type DiagramNode, diagram} from './diagram.ts';
import {Html, html} from './html.ts';
import {LOOK} from './look.ts';
import {command as highlighted, markdown, markdownLine} from './prose.ts';
import {timeline} from './timeline.ts';
import {toneOf, wordOf} from './tones.ts';

export interface PageOptions {
  /** `document`: a tutorial with the output of one run; `report`: what happened in a run. */
  readonly kind: 'document' | 'report';
  /** Versions of the tools of that run: `docker 28.2.2`. */
  readonly tools?: readonly string[];
  /** Said at the end, of how the page was made. */
  readonly note?: string;
}

/** A page that is whole in itself: it loads nothing from anywhere. */
export const pageOf = (report: RunReport, options: PageOptions): string => {
  const steps = report.steps.filter(
    (step) => step.ending !== undefined || options.kind === 'document' || !hasEnded(report),
  );
  const numbered = steps.map((step, index) => ({step, number: index + 1}));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<meta name="generator" content="runbook ${report.program}">
<title>${plainTitle(report.title)}</title>
<style>${new Html(LOOK)}</style>
</head>
<body>
<a class="skip" href="#steps">Skip to the steps</a>
<div class="page">
<nav class="contents" aria-label="Contents"><details open><summary>Contents</summary><ol>${numbered.map(contentsLine)}</ol></details></nav>
<main>
${head(report, options)}
${failures(report)}
${report.run === '' ? '' : facts(report, options)}
${options.kind === 'document' ? html`<div class="prose">${markdown(report.about)}</div>` : ''}
<section aria-labelledby="map"><h2 id="map">How the steps depend on each other</h2>
<div class="scroller" tabindex="0" role="region" aria-label="Diagram of the steps">${diagram(nodesOf(numbered))}</div></section>
${times(numbered)}
<section id="steps" aria-labelledby="steps-title"><h2 id="steps-title">Steps</h2>${numbered.map(stepSection)}</section>
<footer><p>${foot(report, options)}</p>${[options.note, pathsNote(report.pathsFrom, commandsIn(report))].map((note) => (note === undefined ? '' : html`<p>${note}</p>`))}</footer>
</main>
</div>
<div id="said" class="hidden" role="status" aria-live="polite"></div>
<dialog id="help" aria-labelledby="help-title"><h2 id="help-title">Keys</h2><dl>${KEYS.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl><form method="dialog"><button>Close</button></form></dialog>
<script>${new Html(BEHAVIOUR)}</script>
</body>
</html>
`.text;
};

type Numbered = {readonly step: ReportedStep; readonly number: number};

const KEYS = [
  ['j', 'the next step'],
  ['k', 'the step before'],
  ['c', 'copy the command of this step'],
  ['o', 'unfold or fold all output'],
  ['t', 'light or dark'],
  ['?', 'these keys'],
] as const;

const hasEnded = ({state}: RunReport): boolean => state === 'done' || state === 'undone';
const plainTitle = (title: string): string => title.replace(/[*`]/g, '');
const idOf = (key: string): string => `step-${key.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/-+$/, '')}`;

const contentsLine = ({step, number}: Numbered): Html =>
  html`<li><a href="#${idOf(step.key)}"><span class="number">${number}</span><span>${plainTitle(step.title)}</span></a></li>`;

const head = (report: RunReport, {kind}: PageOptions): Html => html`<header class="top">
<p class="eyebrow"><span>${report.runbook}</span>${kind === 'report' ? html`<span class="badge ${RUN_TONES[report.state]}">${report.state}</span><span>run ${report.run}</span>` : ''}</p>
<h1>${markdownLine(report.title)}</h1>
<div class="tools"><button id="theme" type="button">Light or dark</button><button id="fold" type="button">Fold or unfold output</button><button id="keys" type="button">Keys</button></div>
</header>`;

const RUN_TONES: Readonly<Record<RunReport['state'], string>> = {
  done: 'good',
  failed: 'bad',
  interrupted: 'warn',
  unfinished: 'warn',
  running: 'warn',
  damaged: 'bad',
  superseded: 'quiet',
  undone: 'quiet',
};

/** What failed stands first: that is why a person opens the page. */
const failures = (report: RunReport): Html =>
  html`${report.steps
    .filter(({ending, problem}) => ending === 'failed' && problem !== undefined)
    .map(
      (
        step,
      ) => html`<section class="failure" aria-label="Failure of ${plainTitle(step.title)}"><h2>✖ ${markdownLine(step.title)} failed</h2>
<div>${(step.problem as Problem).message} <code>${(step.problem as Problem).code}</code></div>${evidenceOf(step.problem as Problem)}
<p><a href="#${idOf(step.key)}">see the step</a></p></section>`,
    )}`;

const evidenceOf = ({place, expected, found, ran, output, next}: Problem): Html => {
  const rows: [string, Html | undefined][] = [
    ['where', place === undefined ? undefined : html`${place.file}:${place.line}`],
    ['expected', expected === undefined ? undefined : html`<pre>${expected}</pre>`],
    ['found', found === undefined ? undefined : html`<pre>${found}</pre>`],
    ['ran', ran === undefined ? undefined : html`<pre>${highlighted(ran)}</pre>`],
    ['output', output === undefined || output.length === 0 ? undefined : html`<pre>${output.join('\n')}</pre>`],
    ['next', next === undefined ? undefined : html`${next.join('; ')}`],
  ];
  return html`<dl>${rows.flatMap(([label, value]) => (value === undefined ? [] : [html`<dt>${label}</dt><dd>${value}</dd>`]))}</dl>`;
};

const facts = (report: RunReport, {kind, tools = []}: PageOptions): Html => {
  const done = report.steps.filter(({ending}) => ending !== undefined && toneOf(ending) === 'good').length;
  const rows: [string, string][] = [
    ...(kind === 'report' ? ([['started', dateTime(new Date(report.startedAt))]] as [string, string][]) : []),
    ['took', spoken(report.durationMs)],
    ['steps', `${done} of ${report.steps.length} proven`],
    ...Object.entries(report.inputs).map(([name, value]): [string, string] => [
      `input ${name}`,
      typeof value === 'string' ? value || '(empty)' : JSON.stringify(value),
    ]),
    ...tools.map((tool): [string, string] => [
      tool.slice(0, tool.lastIndexOf(' ')),
      tool.slice(tool.lastIndexOf(' ') + 1),
    ]),
  ];
  return html`<dl class="facts">${rows.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>${report.unreadable === undefined ? '' : html`<p><span class="badge warn">!</span> The runbook's file can't be read, so its prose is missing: ${report.unreadable}</p>`}`;
};

/** The items of a `foreach` are one box. */
const nodesOf = (steps: readonly Numbered[]): DiagramNode[] => {
  const groupOf = new Map(steps.map(({step}) => [step.key, step.group]));
  const groups = new Map<string, Numbered[]>();
  for (const one of steps) groups.set(one.step.group, [...(groups.get(one.step.group) ?? []), one]);
  return [...groups].map(([group, members]) => {
    const [first] = members as [Numbered, ...Numbered[]];
    const last = members.at(-1) as Numbered;
    const worst = members
      .map(({step}) => step)
      .sort((a, b) => BADNESS.indexOf(toneOf(b.ending)) - BADNESS.indexOf(toneOf(a.ending)))[0] as ReportedStep;
    const needs = new Set(members.flatMap(({step}) => step.needs.map((need) => groupOf.get(need) ?? need)));
    needs.delete(group);
    return {
      key: group,
      number: members.length === 1 ? String(first.number) : `${first.number}–${last.number}`,
      title: plainTitle(members.length === 1 ? first.step.title : first.step.title.replace(/ \([^)]*\)$/, '')),
      needs: [...needs],
      tone: toneOf(worst.ending),
      state: wordOf(worst.ending),
      target: idOf(first.step.key),
    };
  });
};

const BADNESS = ['quiet', 'good', 'warn', 'bad'];

const times = (steps: readonly Numbered[]): Html => {
  const bars = steps.flatMap(({step}) =>
    step.startedAt === undefined || step.durationMs === undefined
      ? []
      : [
          {
            title: plainTitle(step.title),
            target: idOf(step.key),
            startedAt: Date.parse(step.startedAt),
            durationMs: step.durationMs,
            tone: toneOf(step.ending),
          },
        ],
  );
  if (bars.length === 0) return html``;
  return html`<section aria-labelledby="times"><h2 id="times">How long each took, and beside what</h2>${timeline(bars)}</section>`;
};

const stepSection = ({step, number}: Numbered): Html => {
  const id = idOf(step.key);
  return html`<article class="step" id="${id}" aria-labelledby="${id}-title">
<div class="step-head"><span class="number" aria-hidden="true">${number}</span><h3 id="${id}-title" tabindex="-1">${markdownLine(step.title)}</h3>${badge(step)}<a class="anchor" href="#${id}" aria-label="Link to step ${number}">#</a><span class="meta"><code>${step.key}</code> · ${step.uses}${step.durationMs === undefined ? '' : ` · ${spoken(step.durationMs)}`}</span></div>
<div class="prose">${markdown(step.about)}</div>
${step.command === '' ? '' : html`<div class="command"><pre tabindex="0" aria-label="Command of step ${number}">${highlighted(step.command.trimEnd())}</pre><button class="copy" type="button" aria-label="Copy the command of step ${number}">copy</button></div>`}
${outputOf(step)}${checksOf(step)}${step.reason === undefined ? '' : html`<p><span class="badge warn">accepted</span> ${step.reason}</p>`}${step.problem === undefined ? '' : html`<div class="problem"><span class="badge bad">${step.problem.code}</span> ${step.problem.message}${evidenceOf(step.problem)}</div>`}
</article>`;
};

/** A step that was never begun has none in a document: there it is no news. */
const badge = ({ending}: ReportedStep): Html =>
  ending === undefined ? html`` : html`<span class="badge ${toneOf(ending)}">${wordOf(ending)}</span>`;

const LINES_OPEN = 12;

const outputOf = ({output}: ReportedStep): Html => {
  const text = output.trimEnd();
  if (text === '') return html``;
  const lines = text.split('\n').length;
  return html`<details class="output"${lines <= LINES_OPEN ? new Html(' open') : ''}><summary>output, ${lines} ${lines === 1 ? 'line' : 'lines'}</summary><pre tabindex="0">${text}</pre></details>`;
};

const checksOf = (step: ReportedStep): Html => {
  const held = toneOf(step.ending) === 'good';
  const mark = held ? '✔' : '○';
  const rows = step.checks.map(
    (check) => html`<li><span class="mark" aria-hidden="true">${mark}</span><div>${checkText(check)}</div></li>`,
  );
  const seen = step.evidence.filter((line) => line.startsWith('  '));
  if (rows.length === 0) return html``;
  return html`<ul class="checks" aria-label="${held ? 'Checks that held' : 'Checks'}">${rows}${seen.length === 0 ? '' : html`<li><span></span><div class="seen">${seen.map((line) => line.trim()).join('\n')}</div></li>`}</ul>`;
};

const checkText = ({kind, command, expect, withinMs}: DescribedCheck): Html => {
  const within = withinMs > 0 ? `, within ${ticking(withinMs)}` : '';
  if (kind === 'own') return html`the step checks that all of it is in place${within}`;
  const asked = command === undefined ? '' : html`<pre>${highlighted(command.trimEnd())}</pre>`;
  return html`${asked}${expect === undefined ? '' : html`<code>${expect.trim().replace(/\s*\n\s*/g, ' ')}</code>${within}`}`;
};

const commandsIn = ({steps}: RunReport): string[] => steps.map(({command}) => command);

const foot = (report: RunReport, {kind}: PageOptions): string =>
  kind === 'document'
    ? `Made by runbook ${report.program} from ${report.run === '' ? 'the runbook' : 'a real run of'} ${report.runbook}. Run it: runbook run ${report.runbook}. Learn it: runbook learn ${report.runbook}.`
    : `Made by runbook ${report.program}. Does it still hold? runbook status ${report.run}.`;
