import type {LoadOptions, Registry, Runbook} from '../engine/index.ts';
import type {Call} from './command.ts';
import {findChild, findRunbook, listRunbooks} from './find-runbook.ts';

/** The engine and the step types, loaded when a command needs them: the only place that puts the two together. */
export interface Workshop {
  readonly engine: typeof import('../engine/index.ts');
  readonly registry: Registry;
  readonly loadOptions: LoadOptions;
  /** A runbook's file from what was typed: a name or a path. */
  fileOf(nameOrPath: string): string;
  load(file: string): Promise<Runbook>;
}

export const openWorkshop = async (call: Call): Promise<Workshop> => {
  const {cwd} = call.around;
  const [engine, {registry}, {requirements}] = await Promise.all([
    import('../engine/index.ts'),
    import('../steps/index.ts'),
    import('./doctor/doctor.ts'),
  ]);
  const names = (): string[] => listRunbooks(cwd).map(({name}) => name);
  const loadOptions: LoadOptions = {
    registry,
    requirements: Object.keys(requirements),
    find: async (name, from) => findChild(name, from, cwd),
    names: async () => names(),
  };
  return {
    engine,
    registry,
    loadOptions,
    load: (file) => engine.loadRunbook(file, loadOptions),
    fileOf: (nameOrPath) => {
      const file = findRunbook(nameOrPath, cwd);
      if (file !== undefined) return file;
      throw new engine.RunbookError(noSuchRunbook(nameOrPath, names(), engine));
    },
  };
};

const noSuchRunbook = (name: string, names: readonly string[], engine: Workshop['engine']) => {
  const {expected, next = []} = engine.suggest(name, names);
  return {
    code: 'no-such-runbook' as const,
    message: `there is no runbook "${name}" in ./runbooks or among the shipped ones`,
    ...(expected === undefined ? {} : {expected}),
    next: [...next, 'see them with: runbook list; a file is named by its path, as in ./my.yaml'],
  };
};
