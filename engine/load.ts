import type {Problem} from './errors.ts';
import type {Runbook} from './runbook.ts';
import type {Registry} from './step-type.ts';

/** What a runbook may refer to outside its own file. */
export interface LoadOptions {
  readonly registry: Registry;
  /** Names that may stand in `requires:`. */
  readonly requirements: readonly string[];
  /** The file of a runbook named by `uses: runbook`, looked up from another one's file; undefined when there is none. */
  find(name: string, from: string): Promise<string | undefined>;
  /** Names for a suggestion when `find` found nothing. */
  names?(): Promise<readonly string[]>;
}

/**
 * Reads and checks a runbook's file.
 * @throws RunbookError with all problems of the file and its child runbooks, in the order of the file
 */
export const loadRunbook = async (file: string, options: LoadOptions): Promise<Runbook> => {
  throw new Error(`not written yet: ${file} ${options.requirements}`);
};

/** All problems of a file, in its order; an empty list when it is right. */
export const validateFile = async (file: string, options: LoadOptions): Promise<readonly Problem[]> => {
  throw new Error(`not written yet: ${file} ${options.requirements}`);
};
