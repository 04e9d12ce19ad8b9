import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {version} from '../package.ts';

interface Tool {
  readonly name: string;
  /** Where it stands in a command. */
  readonly used: RegExp;
  readonly asked: string;
}

const DOCKER = /\bdocker\b/;

const TOOLS: readonly Tool[] = [
  {name: 'docker', used: DOCKER, asked: "docker version --format '{{.Client.Version}}'"},
  {name: 'Docker Engine', used: DOCKER, asked: "docker version --format '{{.Server.Version}}'"},
  {name: 'Docker Compose', used: /\bdocker compose\b/, asked: 'docker compose version --short'},
  {name: 'curl', used: /\bcurl\b/, asked: 'curl --version'},
  {name: 'dig', used: /\bdig\b/, asked: 'dig -v 2>&1'},
  {name: 'jq', used: /\bjq\b/, asked: 'jq --version'},
];

const run = promisify(execFile);

/** The tools that stand in some commands, each with its version: `docker 28.2.2`. */
export const toolsIn = async (
  commands: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> => {
  const used = TOOLS.filter((tool) => commands.some((command) => tool.used.test(command)));
  const asked = await Promise.all(
    used.map(async ({name, asked}) => {
      const {stdout} = await run('sh', ['-c', asked], {env: env as NodeJS.ProcessEnv}).catch(() => ({stdout: ''}));
      const found = /\d+(?:\.\d+)+/.exec(stdout)?.[0];
      return found === undefined ? [] : [`${name} ${found}`];
    }),
  );
  return [`runbook ${version()}`, ...asked.flat()];
};
