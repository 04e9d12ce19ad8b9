import {type Problem, RunbookError} from './errors.ts';
import {gatherInputs} from './given.ts';
import type {Node} from './graph.ts';
import {guardsHold} from './guards.ts';
import type {Host} from './host.ts';
import {type Finding, hasCheck, lookAt} from './look.ts';
import {declaredOutputs, tellsOutputs} from './outputs.ts';
import {readsOfNode} from './read-keys.ts';
import {type Rendered, renderStep, showCommand, titleOf} from './render.ts';
import type {RunRequest} from './run.ts';
import {select} from './selection.ts';
import {openSession, type Session} from './session.ts';
import type {Effect} from './step-type.ts';
import {Store} from './store.ts';

/** `unknown`: it depends on a step that is to be run first. `ask`: a person decides. */
export type Decision = 'skip' | 'run' | 'look' | 'unknown' | 'ask' | 'leave';

export interface PlannedStep {
  readonly key: string;
  readonly title: string;
  readonly uses: string;
  readonly effect: Effect;
  /** The line a person would type; values that are not known yet stand as variables. */
  readonly command: string;
  readonly decision: Decision;
  /** In words: "already true", "not there: ...", "depends on step server1". */
  readonly why: string;
  readonly expected?: string;
  readonly found?: string;
}

export interface Plan {
  readonly runbook: string;
  readonly title: string;
  readonly steps: readonly PlannedStep[];
}

type Verdict = Pick<PlannedStep, 'decision' | 'why' | 'expected' | 'found'>;

/**
 * What a run would do, step by step, probed against reality. Executes nothing that changes anything, and writes nothing.
 * @throws RunbookError for inputs, env files and selection, as `startRun`
 */
export const planRun = async (request: RunRequest, host: Host): Promise<Plan> => {
  const {runbook, registry, envFiles} = request;
  const store = new Store(host.stateDir);
  const inputs = await gatherInputs(runbook, request.set, host);
  const session = await openSession({host, store, registry, runbook, inputs, envFiles, cwd: host.cwd, run: 'plan'});
  const planner = new Planner(session, select(session.graph, request));
  const steps = await planner.plan();
  return {runbook: runbook.name, title: runbook.title, steps: session.redactor.carried(steps)};
};

class Planner {
  readonly #session: Session;
  readonly #part: ReturnType<typeof select>;
  /** Keys of nodes that a run would do: what reads or follows them can't be told yet. */
  readonly #open = new Set<string>();

  constructor(session: Session, part: ReturnType<typeof select>) {
    this.#session = session;
    this.#part = part;
  }

  async plan(): Promise<PlannedStep[]> {
    const planned: PlannedStep[] = [];
    for (const node of this.#session.graph.nodes.values()) {
      const verdict = await this.#decide(node);
      if (verdict.decision !== 'skip' && verdict.decision !== 'look') this.#open.add(node.key);
      if (verdict.decision === 'look' && verdict.expected !== undefined) this.#open.add(node.key);
      planned.push({
        key: node.key,
        title: titleOf(node),
        uses: node.step.uses,
        effect: node.step.effect,
        command: showCommand(node, node.step, this.#session.scopes, this.#session.cwd),
        ...verdict,
      });
    }
    return planned;
  }

  /** A step that is still to be run, and that this one reads from. */
  #openRead(node: Node): string | undefined {
    return readsOfNode(this.#session.graph, node).find(({key}) => this.#open.has(key))?.key;
  }

  async #decide(node: Node): Promise<Verdict> {
    if (this.#part(node) === 'leave') return {decision: 'leave', why: 'not selected'};
    const reads = this.#openRead(node);
    if (reads !== undefined) return {decision: 'unknown', why: `depends on step ${reads}`};
    try {
      if (!guardsHold(this.#session, node)) return {decision: 'skip', why: 'its condition is false'};
      return await this.#probe(node);
    } catch (error) {
      this.#session.host.signal.throwIfAborted();
      const problem = error instanceof RunbookError ? error.problems[0] : undefined;
      return {decision: 'unknown', why: problem?.message ?? String(error), ...evidenceOf(problem)};
    }
  }

  async #probe(node: Node): Promise<Verdict> {
    const {step} = node;
    const isVerified = this.#part(node) === 'verify';
    if (isVerified && !hasCheck(node)) return {decision: 'look', why: 'it has no check; taken as done'};
    if (step.type.asks === true && !isVerified) return {decision: 'ask', why: 'a person answers'};
    const session = this.#session;
    const rendered = renderStep(node, session.scopes, session.cwd, () => '');
    if (isVerified) return await this.#probeNow(node, rendered);
    if (step.effect === 'reads') return await this.#probeRead(node, rendered);
    if (!hasCheck(node) || !tellsOutputs(node) || (step.effect !== 'converges' && !step.checkFirst))
      return {decision: 'run', why: step.effect === 'once' ? 'runs once in every run' : 'runs in every run'};
    const finding = await this.#look(node, rendered);
    if (finding.ok) return {decision: 'skip', why: 'already true'};
    return {decision: 'run', why: 'not there yet', expected: finding.expected, found: finding.found};
  }

  async #probeRead(node: Node, rendered: Rendered): Promise<Verdict> {
    const before = node.needs.find((need) => this.#open.has(need));
    if (before !== undefined) return {decision: 'unknown', why: `looks after step ${before}`};
    return await this.#probeNow(node, rendered);
  }

  async #probeNow(node: Node, rendered: Rendered): Promise<Verdict> {
    const finding = await this.#look(node, rendered);
    if (finding.ok) return {decision: 'look', why: 'it would hold now'};
    return {decision: 'look', why: 'it would not hold now', expected: finding.expected, found: finding.found};
  }

  async #look(node: Node, rendered: Rendered): Promise<Finding> {
    const session = this.#session;
    const finding = await lookAt(session, node, rendered, {signal: session.host.signal});
    if (finding.ok) {
      const {outputs, secrets} = declaredOutputs(session, node, finding.outputs);
      session.scopes.finish(node, outputs, secrets);
    }
    return finding;
  }
}

const evidenceOf = (problem: Problem | undefined): {expected?: string; found?: string} => ({
  ...(problem?.expected === undefined ? {} : {expected: problem.expected}),
  ...(problem?.found === undefined ? {} : {found: problem.found}),
});
