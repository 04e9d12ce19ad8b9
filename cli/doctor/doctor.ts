import {type ChildProcess, spawn} from 'node:child_process';
import {checkDockerDisk, checkState} from './disk.ts';
import {checkDaemon, checkDocker} from './docker.ts';
import {findEndpoint} from './endpoint.ts';
import type {Endpoint, Finding, Machine} from './finding.ts';
import {checkPorts} from './ports.ts';
import {checkNode, checkTool, TOOLS} from './tools.ts';

export type {Endpoint, Finding, Machine} from './finding.ts';

type Check = (machine: Machine, endpoint: Endpoint) => Promise<Finding[]> | Finding[];

const checks: Readonly<Record<string, Check>> = {
  node: () => checkNode(process.versions.node),
  docker: checkDocker,
  'docker-daemon': checkDaemon,
  'docker-disk': checkDockerDisk,
  state: checkState,
  ports: (machine, endpoint) => checkPorts(machine, endpoint),
  ...Object.fromEntries(
    Object.entries(TOOLS).map(([name, tool]) => [name, (machine: Machine) => checkTool(machine, name, tool)]),
  ),
};

/** What a name under a runbook's `requires` has checked. */
export const requirements: Readonly<Record<string, readonly string[]>> = {
  docker: ['docker', 'docker-daemon'],
  ports: ['ports'],
  ...Object.fromEntries(Object.keys(TOOLS).map((name) => [name, [name]])),
};

/**
 * Looks at this machine; changes nothing. With names (of `requirements` or of single checks) only at these, and then all
 * of them are required.
 */
export const diagnose = async (machine: Machine, names?: readonly string[]): Promise<Finding[]> => {
  const wanted = new Set(names ? names.flatMap((name) => requirements[name] ?? [name]) : Object.keys(checks));
  const endpoint = await findEndpoint(machine);
  const findings = await Promise.all([...wanted].map((name) => checks[name]?.(machine, endpoint) ?? unknown(name)));
  return findings.flat().map((finding) => (names ? {...finding, required: true} : finding));
};

const unknown = (name: string): Finding[] => [
  {name, ok: false, found: 'nothing that the doctor knows', fixable: false, required: true},
];

/** What failed and must not. */
export const missing = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ok, required}) => required && !ok);

/**
 * Repairs what `fixable` findings need by installing and starting Docker: once for all of them. Its output arrives as
 * it comes; it may ask for sudo's password on the terminal. Says whether it went well; look again afterwards.
 */
export const repair = (machine: Machine, output: (text: string) => void): Promise<boolean> =>
  new Promise((resolve) => {
    const child: ChildProcess = spawn('sh', [machine.provision], {
      env: machine.env,
      stdio: ['inherit', 'pipe', 'pipe'],
    });
    child.stdout?.setEncoding('utf8').on('data', output);
    child.stderr?.setEncoding('utf8').on('data', output);
    child.on('error', (error) => {
      output(`${error.message}\n`);
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
