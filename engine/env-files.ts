import type {Runbook} from './runbook.ts';

/**
 * What expressions may read as `env.X`: the names that the runbook's files and the extra files define. Later files win,
 * the process environment wins over all.
 * @throws RunbookError `env-file` for every file that is missing or can't be read
 */
export const resolveEnv = async (
  runbook: Pick<Runbook, 'env'>,
  extraFiles: readonly string[],
  processEnv: Readonly<Record<string, string | undefined>>,
): Promise<Readonly<Record<string, string>>> => {
  throw new Error(`not written yet: ${runbook.env} ${extraFiles} ${processEnv}`);
};
