import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {Option} from 'commander';
import type {Problem} from '../../engine/index.ts';
import {type Call, type CommandFile, collect, examples} from '../command.ts';
import {whyNoEngine} from '../own-engine.ts';
import {Checking, type Page} from '../recording/checking.ts';
import type {Difference} from '../recording/compare.ts';
import {originOf, PLACEHOLDERS, recordedPage} from '../recording/page.ts';
import type {Origin, Recording} from '../recording/recording.ts';
import {Studio, type Take} from '../recording/studio.ts';
import {reportProblems, shownPath} from '../report.ts';
import {count, settingsOf, valueOptions} from '../settings.ts';
import {openWorkshop, type Workshop} from '../workshop.ts';

interface Options {
  readonly record?: boolean;
  readonly check?: boolean;
  readonly out: string;
  readonly format: 'markdown' | 'html' | 'both';
  readonly after?: readonly string[];
  readonly tries: number;
}

/** Pages of runbooks with what a real run printed, and the proof that they still say the truth. */
export const docs: CommandFile = {
  define(command) {
    command
      .summary('write pages with the output of a real run, or check them')
      .description(
        'Runs runbooks on a Docker Engine of its own, and writes a page for each: its prose, its commands, what they printed, ' +
          'what each check saw. With --check it runs them again, and says where the pages are not true any more. Your own ' +
          'engine, ports and files are out of reach. Needs Linux, and root.',
      );
    command.argument('<runbook...>', 'names or files; several are run one after another on one engine');
    valueOptions(command)
      .option('--record', 'run, and write the pages')
      .option('--check', 'run again, and compare with the Markdown that was recorded')
      .option('--out <dir>', 'where the pages are', 'docs/tutorials')
      .addOption(
        new Option('--format <format>', 'what is written').choices(['markdown', 'html', 'both']).default('both'),
      )
      .option('--tries <n>', 'with --check: what differs counts when it differed so often', count, 2)
      .option('--after <runbook>', 'run this one before, on the same engine; may be repeated', collect);
    examples(command, [
      ['runbook docs ./deploy.yaml --record', 'docs/tutorials/deploy.md and .html'],
      ['runbook docs ./deploy.yaml --check', 'do they still say the truth? exit 4 when not'],
      ['runbook docs cleanup --record --after consul-cluster', 'what it finds is made before'],
      ['runbook docs base app --record --set app.port=81', 'two pages; an input for one of them'],
    ]);
  },

  async act(call) {
    const {record = false, check = false} = call.options<Options>();
    const workshop = await openWorkshop(call);
    if (record === check) throw onlyOne(workshop);
    refuseWithoutEngine(call, workshop);
    call.around.holdSignals();
    return await (record ? recordPages : checkPages)(call, workshop);
  },
};

const recordPages = async (call: Call, workshop: Workshop): Promise<number> => {
  const {after = []} = call.options<Options>();
  const before = await Promise.all(after.map((typed) => takeOf(call, workshop, typed, givenFor(call, typed, false))));
  const isAlone = call.args.length === 1;
  const takes = await Promise.all(
    call.args.map((typed) => takeOf(call, workshop, typed, givenFor(call, typed, isAlone))),
  );
  const studio = await Studio.open(call, workshop);
  const written: string[] = [];
  try {
    for (const take of before) await studio.record(take);
    for (const take of takes) {
      const recording = await studio.record(take);
      written.push(...(await write(call, workshop, take, recording)));
    }
  } finally {
    await studio.close();
  }
  if (call.json) call.printJson({pages: written});
  else call.print(written);
  return workshop.engine.EXIT.done;
};

const checkPages = async (call: Call, workshop: Workshop): Promise<number> => {
  const {engine} = workshop;
  const {tries} = call.options<Options>();
  const pages = await Promise.all(call.args.map((typed) => pageToCheck(call, workshop, typed)));
  const prepare = (origin: Origin): Promise<Studio> => prepared(call, workshop, origin);
  const found = await new Checking(prepare, call).check(pages, tries);
  if (call.json) {
    call.printJson({
      pages: found.map(({page, differences}) => ({page: shownPath(page.file, call.around.cwd), differences})),
    });
    return found.some(({differences}) => differences.length > 0) ? engine.EXIT.drift : engine.EXIT.done;
  }
  call.print(
    found.map(({page, differences}) => {
      const name = shownPath(page.file, call.around.cwd);
      return differences.length === 0 ? `${name} is true` : `${name} is not true any more`;
    }),
  );
  const problems = found.flatMap(({page, differences}) => differences.map((one) => problemOf(call, page, one)));
  if (problems.length === 0) return engine.EXIT.done;
  call.around.stderr.write(`\n${reportProblems(lastNext(problems), call.report)}`);
  return engine.EXIT.drift;
};

const problemOf = (call: Call, {file, origin}: Page, {what, line, diff}: Difference): Problem => ({
  code: 'page-differs',
  message: what,
  place: {file, line, column: 1},
  output: diff,
  next: [`is the page wrong, or the runbook? to record it anew: ${againLine(call, origin)}`],
});

/** What to do next is the same for all differences of a page: once is enough. */
const lastNext = (problems: readonly Problem[]): Problem[] =>
  problems.map(({next, ...problem}, index) =>
    next === undefined || problems[index + 1]?.place?.file === problem.place?.file ? problem : {...problem, next},
  );

const pageToCheck = async (call: Call, workshop: Workshop, typed: string): Promise<Page> => {
  const runbook = await workshop.load(workshop.fileOf(typed));
  const file = pathOf(call, runbook.name, 'md');
  const markdown = readPage(file, typed, call, workshop);
  const origin = originOf(markdown);
  if (origin === undefined) throw noRecord(file, typed, call, workshop);
  const set = {...origin.set, ...givenFor(call, typed, call.args.length === 1)};
  return {file, markdown, origin, take: await takeOf(call, workshop, typed, set)};
};

/** An engine on which was run what a page wants to find. */
const prepared = async (call: Call, workshop: Workshop, {after}: Origin): Promise<Studio> => {
  const before = await Promise.all(after.map(({runbook, set}) => takeOf(call, workshop, runbook, set)));
  const studio = await Studio.open(call, workshop);
  try {
    for (const take of before) await studio.record(take);
  } catch (error) {
    await studio.close();
    throw error;
  }
  return studio;
};

const takeOf = async (
  call: Call,
  workshop: Workshop,
  typed: string,
  set: Readonly<Record<string, string>>,
): Promise<Take> => ({
  typed,
  runbook: await workshop.load(workshop.fileOf(typed)),
  set,
  envFiles: settingsOf(call).envFiles,
});

/** With several runbooks an input is given as `RUNBOOK.INPUT=VALUE`. */
const givenFor = (call: Call, typed: string, isAlone: boolean): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settingsOf(call).set).flatMap(([name, value]) => {
      if (name.startsWith(`${typed}.`)) return [[name.slice(typed.length + 1), value]];
      return isAlone && !name.includes('.') ? [[name, value]] : [];
    }),
  );

const pathOf = (call: Call, name: string, extension: string): string =>
  resolve(call.around.cwd, call.options<Options>().out, `${name}.${extension}`);

const write = async (call: Call, workshop: Workshop, {runbook}: Take, recording: Recording): Promise<string[]> => {
  const {format, out} = call.options<Options>();
  const {pageOf} = await import('../page/page.ts');
  const pages: [string, string][] = [
    ...(format === 'html' ? [] : ([['md', recordedPage(recording)]] as [string, string][])),
    ...(format === 'markdown'
      ? []
      : ([['html', pageOf(recording.report, {kind: 'document', tools: recording.tools, note: PLACEHOLDERS})]] as [
          string,
          string,
        ][])),
  ];
  try {
    mkdirSync(resolve(call.around.cwd, out), {recursive: true});
    return pages.map(([extension, text]) => {
      const file = pathOf(call, runbook.name, extension);
      writeFileSync(file, call.around.secrets.text(text));
      return shownPath(file, call.around.cwd);
    });
  } catch (error) {
    throw new workshop.engine.RunbookError({
      code: 'file-failed',
      message: `can't write the pages: ${workshop.engine.messageOf(error)}`,
      next: ['choose another folder: --out DIR'],
    });
  }
};

const readPage = (file: string, typed: string, call: Call, workshop: Workshop): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw noRecord(file, typed, call, workshop);
  }
};

const noRecord = (file: string, typed: string, call: Call, {engine}: Workshop): Error =>
  new engine.RunbookError({
    code: 'file-unreadable',
    message: `there is no recorded page ${shownPath(file, call.around.cwd)}`,
    next: [`record it first: runbook docs ${typed} --record; or say where it is: --out DIR`],
  });

const againLine = (call: Call, {runbook, set, after}: Origin): string =>
  [
    `runbook docs ${runbook} --record`,
    ...after.map((one) => `--after ${one.runbook}`),
    ...Object.entries(set).map(([name, value]) => `--set ${name}=${value}`),
    ...after.flatMap((one) => Object.entries(one.set).map(([name, value]) => `--set ${one.runbook}.${name}=${value}`)),
    ...(call.options<Options>().out === 'docs/tutorials' ? [] : [`--out ${call.options<Options>().out}`]),
  ].join(' ');

const onlyOne = ({engine}: Workshop): Error =>
  new engine.RunbookError({
    code: 'usage',
    message: 'say what to do: --record or --check',
    next: [
      'runbook docs RUNBOOK --record',
      'runbook docs RUNBOOK --check',
      'to read it without a run: runbook show RUNBOOK',
    ],
  });

const refuseWithoutEngine = ({around}: Call, {engine}: Workshop): void => {
  const why = whyNoEngine(around.env);
  if (why === undefined) return;
  throw new engine.RunbookError({
    code: 'requirement-missing',
    message: `recording needs a Docker Engine of its own, which can't be started here: ${why}`,
    expected: 'Linux, root, and the commands docker, dockerd, unshare, nsenter, ip and iptables',
    next: ['on Debian and Ubuntu: apt-get install docker.io iptables iproute2 util-linux; then as root'],
  });
};
