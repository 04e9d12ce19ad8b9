import {basename, relative} from 'node:path';
import {type Artefacts, artefactsOf, type Unread} from './audit-files.ts';
import {type Leak, searchBorder, searchFile, searchName} from './audit-search.ts';
import {type KnownSecret, type MissingSecret, secretsOf, variableGiven} from './audit-secrets.ts';
import {namedRun, newestRun} from './choose-run.ts';
import {type Problem, RunbookError} from './errors.ts';
import {askForSecrets, gatherKnown, inputVariable} from './given.ts';
import type {Host} from './host.ts';
import {openKnown} from './open-known.ts';
import type {ResumeRequest} from './resume-request.ts';
import type {Runbook} from './runbook.ts';
import {leavesOf, SHORTEST_SECRET} from './secret-forms.ts';
import {SecretSearch} from './secret-search.ts';
import {openSession, type Session} from './session.ts';
import type {RunState} from './state.ts';
import {Store} from './store.ts';

export interface AuditRequest extends Pick<ResumeRequest, 'run' | 'registry' | 'load' | 'set' | 'envFiles'> {
  /** Further files and folders to search; absolute. */
  readonly also: readonly string[];
  /** Files that are known to tell of a run; absolute. */
  pages?(run: Pick<RunState, 'run' | 'runbook' | 'cwd'>): readonly string[];
  /** Further secrets to look for, by name. */
  readonly others: Readonly<Record<string, string>>;
}

/** A secret that was looked for. */
export interface Sought {
  readonly name: string;
  /** It is the value that the run had: the journal's keyed hash says so. */
  readonly isProven: boolean;
}

/** What a search for a run's secrets has found. Holds the value of none. */
export interface AuditReport {
  readonly run: string;
  readonly runbook: string;
  readonly leaks: readonly Leak[];
  readonly files: number;
  readonly bytes: number;
  readonly sought: readonly Sought[];
  /** Secrets of which the run had a value that could not be looked for. */
  readonly missing: readonly MissingSecret[];
  /** What could not be looked into. */
  readonly unread: readonly Unread[];
  /** Nothing was found, and nothing was left out. */
  readonly clean: boolean;
  /** Why the runbook's file could not be used. */
  readonly unreadable?: Problem;
}

/**
 * Searches everything that a run has left for its secrets, however they are encoded. Steps that read a secret are asked for it
 * again; nothing is changed or written.
 * @throws RunbookError `no-such-run`, `journal-damaged`, and what is wrong with the values that were given
 */
export const auditRun = async (request: AuditRequest, host: Host): Promise<AuditReport> => {
  const store = new Store(host.stateDir);
  const state = request.run === undefined ? newestRun(store) : namedRun(store, request.run);
  const {session, unreadable} = await open(request, host, store, state);
  const {known, missing} = await secretsOf(session, store.entries(state.run));
  const others = Object.entries(request.others).map(([name, value]) => ({name, value, isProven: true}));
  const all = [...known, ...others];
  const {search, tooShort} = searchFor(all);
  // where the state directory stands is not the run's doing
  const nameOf = (file: string): string => (file.startsWith(store.dir) ? relative(store.dir, file) : basename(file));
  const found = searchAll(
    search,
    artefactsOf(store, state, [...(request.pages?.(state) ?? []), ...request.also]),
    nameOf,
  );
  const left = [...missing, ...tooShort];
  for (const {value} of all) session.redactor.addAll(value);
  const hidden = <T extends {readonly file: string}>(one: T): T => ({...one, file: session.redactor.text(one.file)});
  return {
    run: state.run,
    runbook: state.runbook,
    leaks: found.leaks.map(hidden),
    files: found.files,
    bytes: found.bytes,
    sought: all.map(({name, isProven}) => ({name, isProven})),
    missing: left,
    unread: found.unread.map(hidden),
    clean: found.leaks.length === 0 && left.length === 0 && found.unread.length === 0,
    ...(unreadable === undefined ? {} : {unreadable}),
  };
};

/** Opens a run with what was given of its secrets; without its file where that can't be used. */
const open = async (
  request: AuditRequest,
  host: Host,
  store: Store,
  state: RunState,
): Promise<{readonly session: Session; readonly unreadable?: Problem}> => {
  const {registry, set} = request;
  const {run, cwd} = state;
  const envFiles = request.envFiles.length > 0 ? request.envFiles : state.envFiles;
  const quiet = {...host, askSecret: async () => undefined};
  let problem: RunbookError;
  try {
    const runbook = await request.load(state.file);
    const secrets = {...set, ...(await askForSecrets(secretsNotGiven(runbook, set, host), host))};
    const inputs = await gatherKnown(runbook, host, state, secrets);
    return {
      session: await openSession({host: quiet, store, registry, runbook, inputs, envFiles, cwd, run, state}),
    };
  } catch (error) {
    if (!(error instanceof RunbookError) || WRONG.has(error.code)) throw error;
    problem = error;
  }
  const load = async (): Promise<Runbook> => Promise.reject(problem);
  const {session} = await openKnown({registry, load}, quiet, store, state);
  await giveByName(session, state, set, host);
  return {session, unreadable: problem.problems[0]};
};

/** What was typed is wrong: no file of the runbook makes that right. */
const WRONG: ReadonlySet<string> = new Set(['input-invalid', 'unknown-input', 'usage']);

const secretsNotGiven = ({inputs}: Runbook, set: AuditRequest['set'], {env}: Host) =>
  [...inputs.values()].filter(
    ({name, secret, default: standard}) =>
      secret && standard === undefined && !Object.hasOwn(set, name) && env[inputVariable(name)] === undefined,
  );

/** The journal has the names of secret inputs and variables, but not their types: each is taken as it stands. */
const giveByName = async (
  session: Session,
  {secrets}: RunState,
  set: AuditRequest['set'],
  host: Host,
): Promise<void> => {
  const names = Object.keys(secrets);
  const given = (name: string): string | undefined =>
    name.startsWith('env.') ? host.env[name.slice('env.'.length)] : (set[name] ?? host.env[inputVariable(name)]);
  const open = names.filter((name) => given(name) === undefined && !name.startsWith('env.'));
  const asked = await askForSecrets(
    open.map((name) => ({name})),
    host,
  );
  for (const name of names) {
    const value = given(name) ?? asked[name];
    if (value !== undefined) session.scopes.derive(variableGiven(session, name), value);
  }
};

/** Every text and number that secrets are made of, under the name of its place in them. */
const searchFor = (
  secrets: readonly KnownSecret[],
): {readonly search: SecretSearch; readonly tooShort: readonly MissingSecret[]} => {
  const search = new SecretSearch();
  const tooShort: MissingSecret[] = [];
  const why = `shorter than ${SHORTEST_SECRET} characters: such a text is everywhere`;
  for (const secret of secrets)
    for (const [name, text] of leavesOf(secret.name, secret.value))
      if (!search.add(text, name)) tooShort.push({name, why});
  return {search, tooShort};
};

const searchAll = (
  search: SecretSearch,
  {files, borders, unread}: Artefacts,
  nameOf: (file: string) => string,
): {leaks: Leak[]; files: number; bytes: number; unread: readonly Unread[]} => {
  const found = {leaks: [] as Leak[], files: 0, bytes: 0, unread: [...unread]};
  if (search.isEmpty) return found;
  for (const file of files) {
    found.leaks.push(...searchName(search, file, nameOf(file)));
    try {
      const {leaks, bytes} = searchFile(search, file);
      found.leaks.push(...leaks);
      found.files++;
      found.bytes += bytes;
    } catch (error) {
      found.unread.push({file, why: error instanceof Error ? error.message : String(error)});
    }
  }
  for (const [file, next] of borders) found.leaks.push(...searchBorder(search, file, next));
  return found;
};
