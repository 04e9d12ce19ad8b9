import {spawn} from 'node:child_process';
import {mkdir, mkdtemp, readFile, rm} from 'node:fs/promises';
import {homedir, release, tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import type {Runbook, RunReport} from '../../engine/index.ts';
import type {Call} from '../command.ts';
import {quietHost} from '../host.ts';
import {type OwnEngine, startOwnEngine} from '../own-engine.ts';
import {packageRoot} from '../package.ts';
import {makeSandbox, type Sandbox} from '../rehearsal/sandbox.ts';
import type {Workshop} from '../workshop.ts';
import {giveImages, wantedImages} from './images.ts';
import type {Known} from './normaliser.ts';
import {normalised, type Origin, type Recording} from './recording.ts';
import {toolsIn} from './tools.ts';

/** A runbook that is to be run, with what it is given. */
export interface Take {
  /** As typed. */
  readonly typed: string;
  readonly runbook: Runbook;
  readonly set: Readonly<Record<string, string>>;
  readonly envFiles: readonly string[];
}

/** The name of the host that recordings are made on. */
const HOSTNAME = 'docker-host';

/** Where runbooks are run for the record: an engine of its own, a state directory, a home for machines; gone afterwards. */
export class Studio {
  /** What was run here, in its order: later runbooks find what these have made. */
  readonly ran: Origin['after'][number][] = [];
  readonly #call: Call;
  readonly #workshop: Workshop;
  readonly #engine: OwnEngine;
  readonly #dir: string;
  readonly #given = new Set<string>();

  constructor(call: Call, workshop: Workshop, engine: OwnEngine, dir: string) {
    this.#call = call;
    this.#workshop = workshop;
    this.#engine = engine;
    this.#dir = dir;
  }

  static async open(call: Call, workshop: Workshop): Promise<Studio> {
    const dir = await mkdtemp(join(tmpdir(), 'runbook-docs-'));
    const engine = await startOwnEngine(call.around.env, HOSTNAME);
    const studio = new Studio(call, workshop, engine, dir);
    await Promise.all(['data', 'docker'].map((name) => mkdir(join(dir, name))));
    return studio;
  }

  async close(): Promise<void> {
    await this.#engine.stop();
    await rm(this.#dir, {recursive: true, force: true, maxRetries: 5});
  }

  /** Sees to the images of a runbook, while the clock of no step runs; those of others are none of its world. */
  async #provide(take: Take): Promise<void> {
    const {engine, registry} = this.#workshop;
    const steps = await engine.foretell({...take, registry}, quietHost(this.#call));
    const wanted = wantedImages(steps).filter(({name}) => !this.#given.has(name));
    for (const {name} of wanted) this.#given.add(name);
    await giveImages(this.#engine, wanted, this.#call.around, (line) => this.#call.tell([line]));
  }

  /**
   * Runs one, one step at a time in the order of the page, and gives what there is to tell of it.
   * @throws RunbookError what failed
   */
  async record(take: Take): Promise<Recording> {
    const {typed, runbook} = take;
    const original = {file: runbook.file, cwd: this.#call.around.cwd, stateDir: this.#call.stateDir};
    const sandbox = await makeSandbox(join(this.#dir, String(this.ran.length)), original);
    await this.#provide(take);
    const code = await this.#run(take, sandbox);
    this.#call.around.signal.throwIfAborted();
    const report = await this.#reportOf(sandbox);
    if (report?.state !== 'done') throw this.#failed(take, sandbox, report, code);
    const description = await this.#workshop.engine.describeRunbook(
      runbook,
      this.#workshop.registry,
      quietHost(this.#call),
    );
    const {pathsFrom: _, ...sandboxed} = normalised(report, await this.#known(take, sandbox));
    const told = {...sandboxed, ...(description.pathsFrom !== undefined && {pathsFrom: description.pathsFrom})};
    const commands = told.steps.flatMap((step) => [step.command, ...step.checks.map((check) => check.command ?? '')]);
    const origin = {runbook: typed, set: this.#open(take), after: [...this.ran]};
    const tools = await toolsIn(commands, this.#env);
    this.ran.push({runbook: typed, set: this.#open(take)});
    return {report: told, description, tools, origin};
  }

  get #env(): Readonly<Record<string, string | undefined>> {
    const {env} = this.#call.around;
    return {
      ...env,
      ...this.#engine.env,
      DOCKER_CONFIG: join(this.#dir, 'docker'),
      DOCKER_CONTEXT: undefined,
      XDG_DATA_HOME: join(this.#dir, 'data'),
    };
  }

  /** A page says with which inputs it was made, but for secret ones. */
  #open({runbook, set}: Take): Record<string, string> {
    return Object.fromEntries(Object.entries(set).filter(([name]) => runbook.inputs.get(name)?.secret !== true));
  }

  #run({set, envFiles}: Take, sandbox: Sandbox): Promise<number> {
    const {self, signal} = this.#call.around;
    const args = [
      ...['--state-dir', sandbox.stateDir, ...(this.#call.global.color ? [] : ['--no-color'])],
      ...['run', sandbox.file, '--recording', '--yes', '--no-menu'],
      ...Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
      ...envFiles.flatMap((path) => ['--env-file', path]),
    ];
    const [file = '', ...before] = [...this.#engine.inside, ...self];
    return new Promise((resolve, reject) => {
      const child = spawn(file, [...before, ...args], {
        cwd: sandbox.cwd,
        env: this.#env as NodeJS.ProcessEnv,
        stdio: ['inherit', 'ignore', 'inherit'],
      });
      // Ctrl-C and a closed terminal reach it by themselves: it is in our process group.
      const stop = (): void => void (signal.reason === 'SIGTERM' && child.kill('SIGTERM'));
      signal.addEventListener('abort', stop, {once: true});
      child.on('error', reject);
      child.on('close', (code) => {
        signal.removeEventListener('abort', stop);
        resolve(code ?? 1);
      });
    });
  }

  /** Undefined where it never began. */
  async #reportOf(sandbox: Sandbox): Promise<RunReport | undefined> {
    const {engine, registry, load} = this.#workshop;
    const host = {...quietHost(this.#call), stateDir: sandbox.stateDir, cwd: sandbox.cwd};
    try {
      return await engine.reportOf({registry, load}, host);
    } catch (error) {
      if (error instanceof engine.RunbookError && error.code === 'no-such-run') return undefined;
      throw error;
    }
  }

  #failed({typed, runbook}: Take, sandbox: Sandbox, report: RunReport | undefined, code: number): Error {
    const {engine} = this.#workshop;
    const problems = report?.steps.flatMap(({problem}) => (problem === undefined ? [] : [problem])) ?? [];
    const [first] = problems;
    // the reader's file, not its copy
    const file = first?.place?.file.replace(dirname(sandbox.file), dirname(runbook.file));
    const next = [`nothing is written; see it by hand: runbook run ${typed}`];
    return new engine.RunbookError({
      ...(first ?? {code: code === engine.EXIT.missing ? 'requirement-missing' : 'step-failed'}),
      ...(first?.place !== undefined && file !== undefined && {place: {...first.place, file}}),
      message: first?.message ?? `"${typed}" could not be run: what is wrong stands above`,
      next,
    });
  }

  async #known({runbook, set}: Take, sandbox: Sandbox): Promise<Known> {
    const all = withChildren(runbook);
    const env = await Promise.all(
      all.flatMap((one) => one.env.map(({path}) => readFile(path, 'utf8').catch(() => ''))),
    );
    const home = this.#call.around.env.HOME ?? homedir();
    const ofHere: [string, string][] = [
      [`unix://${this.#engine.env.DOCKER_HOST?.replace('unix://', '')}`, 'unix:///var/run/docker.sock'],
      [join(this.#dir, 'docker'), '~/.docker'],
      [join(this.#dir, 'data'), '~/.local/share'],
      [sandbox.stateDir, '.runbook'],
      [sandbox.cwd, '.'],
      [dirname(sandbox.cwd), '..'],
      [packageRoot(), '.'],
      [release(), '<kernel>'],
      ...(home.length > 1 ? ([[home, '~']] as [string, string][]) : []),
    ];
    return {written: [...all.map(({text}) => text), ...env, ...Object.values(set)], ofHere};
  }
}

const withChildren = (runbook: Runbook): Runbook[] => [
  runbook,
  ...runbook.steps.flatMap(({child}) => (child === undefined ? [] : withChildren(child.runbook))),
];
