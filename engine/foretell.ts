import {gatherKnown} from './given.ts';
import type {Host} from './host.ts';
import {shownOptions} from './render.ts';
import type {RunRequest} from './run.ts';
import {openSession} from './session.ts';
import {displayOptions} from './shell-template.ts';
import {showIn} from './stand-ins.ts';
import type {Json} from './step-type.ts';
import {Store} from './store.ts';

/** What a step will be called with, as far as that is known before anything has run. */
export interface Foretold {
  readonly key: string;
  readonly uses: string;
  /** With its defaults; what is not known yet, and secrets, stand as variables. */
  readonly options: Json;
  /** Folder of the runbook's file that has the step. */
  readonly dir: string;
}

/** The steps of a runbook and of its children, in their order. Runs and writes nothing, and asks nobody. */
export const foretell = async (
  {runbook, registry, set, envFiles}: Pick<RunRequest, 'runbook' | 'registry' | 'set' | 'envFiles'>,
  host: Host,
): Promise<readonly Foretold[]> => {
  const store = new Store(host.stateDir);
  const inputs = await gatherKnown(runbook, host, {inputs: {}}, set);
  const session = await openSession({host, store, registry, runbook, inputs, envFiles, cwd: host.cwd, run: ''});
  return [...session.graph.nodes.values()].map((node) => {
    const {step, scope} = node;
    const show = showIn(node, session.scopes.valuesOf(node, 'shown'));
    const options = shownOptions(step.type, displayOptions(step.type, step.options, show)) as Json;
    return {key: node.key, uses: step.uses, options, dir: scope.runbook.dir};
  });
};
