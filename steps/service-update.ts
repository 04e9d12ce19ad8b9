import * as v from 'valibot';
import {sh} from '../engine/sh.ts';
import {defineStepType, PermanentError, type StepContext} from '../engine/step-type.ts';
import {dockerClient, dockerCommand} from './clients/docker.ts';
import {sideOf} from './clients/docker-compare.ts';
import {type RememberedBytes, toPutBack, toRemembered} from './clients/remembered-bytes.ts';
import {serviceDifferences} from './clients/service-compare.ts';
import {updateCommand} from './clients/service-flags.ts';
import {updateOptions} from './clients/service-options.ts';
import {amend, type ServiceSpec} from './clients/service-spec.ts';
import {
  findService,
  getService,
  networkNames,
  serviceChanges,
  serviceInShell,
  serviceTrouble,
  underway,
  updateService,
} from './clients/services.ts';

const isGlobal = ({Mode}: ServiceSpec): boolean => Mode.Replicated === undefined;

/** Sealed: its variables may hold secrets. */
const rememberSpec = (spec: ServiceSpec, context: StepContext): Promise<RememberedBytes> =>
  context.remember('previous', async () => toRemembered(Buffer.from(JSON.stringify(spec))), {sealed: true});

/** A service is as it was, but for what is given here. */
export default defineStepType({
  name: 'service.update',
  about: 'Changes a service: what is given, and nothing else; undo puts back what was there.',
  options: updateOptions,
  outputs: v.object({id: v.string(), name: v.string()}),
  effect: 'converges',
  secretOptions: ['env'],
  command: updateCommand,

  async prepare({name}, context) {
    const {Spec} = await getService(await dockerClient(context), name);
    await rememberSpec(Spec, context);
  },

  async run(given, context) {
    const docker = await dockerClient(context);
    const {ID, Spec} = await getService(docker, given.name);
    if (given.replicas !== undefined && isGlobal(Spec))
      throw new PermanentError(`service "${given.name}" is global: it has a task on every node`);
    await rememberSpec(Spec, context);
    await updateService(docker, given.name, (spec) => amend(spec, given));
    return {id: ID, name: given.name};
  },

  async verify(given, context) {
    const docker = await dockerClient(context);
    const found = await findService(docker, given.name);
    const expected = `service "${given.name}" running as wanted`;
    if (!found) return {ok: false, expected, found: 'no service of that name'};
    const {Spec} = found;
    const unlike = serviceDifferences(amend(Spec, given), Spec, await networkNames(docker, Spec));
    if (unlike.length > 0) return {ok: false, expected: sideOf('wanted', unlike), found: sideOf('found', unlike)};
    const wrong = await serviceTrouble(docker, found);
    if (wrong !== undefined) return {ok: false, expected, found: wrong, ...underway(found)};
    return {ok: true, outputs: {id: found.ID, name: given.name}};
  },

  undoCommand: ({name}, site) => sh`${dockerCommand(site)} service rollback ${name}`,

  async undo(given, context) {
    const {name} = given;
    const docker = await dockerClient(context);
    const found = await findService(docker, name);
    if (!found) return undefined;
    const remembered = await rememberSpec(found.Spec, context);
    const previous: ServiceSpec = JSON.parse(toPutBack(remembered, `service "${name}"`).toString());
    await updateService(docker, name, () => previous);
    const unlike = serviceDifferences(amend(previous, given), previous, await networkNames(docker, previous));
    return unlike.length === 0 ? {stays: `service ${name} stays: it was so before`} : undefined;
  },

  changes: (_, context) => serviceChanges(context),

  shell: serviceInShell,
});
