import {spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Call} from './command.ts';

/** Shows lines page by page on a terminal that they don't fit on: `$PAGER`, else `less`. Elsewhere they are printed. */
export const paged = async (call: Call, lines: readonly string[]): Promise<void> => {
  const {stdout, env} = call.around;
  const pager = env.PAGER ?? 'less';
  const fits = stdout.isTTY !== true || lines.length < (stdout.rows || 24);
  if (fits || pager === '' || pager === 'cat' || env.TERM === 'dumb' || !(await shown(pager, lines, env)))
    call.print(lines);
};

/** Whether the pager could be started. */
const shown = async (pager: string, lines: readonly string[], env: Call['around']['env']): Promise<boolean> => {
  // -R: colours; -F: no more than one page is not paged; -X: what was read stays on the screen
  const child = spawn('sh', ['-c', `exec ${pager}`], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: {LESS: 'RFX', ...env},
  });
  // Whoever leaves the pager early has seen enough.
  child.stdin.on('error', () => {});
  child.stdin.end(`${lines.join('\n')}\n`);
  const [code] = (await once(child, 'close').catch(() => [NOT_FOUND])) as [number | null];
  return code !== NOT_FOUND;
};

const NOT_FOUND = 127;
