import type {ResumeRequest} from '../engine/index.ts';
import type {Call} from './command.ts';
import type {Work} from './conduct.ts';
import {ensureRequirements} from './requirements.ts';
import {settingsOf} from './settings.ts';
import type {Workshop} from './workshop.ts';

/** Goes on with a run; what its runbook requires is seen to first. */
export const resuming =
  (call: Call, workshop: Workshop, request: Partial<ResumeRequest>): Work =>
  (host, prompter) => {
    const {provision = false} = call.options<{readonly provision?: boolean}>();
    const load = async (file: string) => {
      const runbook = await workshop.load(file);
      await ensureRequirements(runbook.requires, {call, workshop, provision, prompter});
      return runbook;
    };
    const {registry, engine} = workshop;
    return engine.resumeRun({registry, ...settingsOf(call), redo: [], accept: [], ...request, load}, host);
  };
