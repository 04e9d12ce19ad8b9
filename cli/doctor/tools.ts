import {dirname, join} from 'node:path';
import {ask, firstLine} from './ask.ts';
import type {Finding, Machine} from './finding.ts';
import {isAtLeast, versionOf} from './version.ts';

const OLDEST_NODE = '20.19';

/** The Node that runs us. */
export const checkNode = (version: string): Finding[] => {
  const ok = isAtLeast(version, OLDEST_NODE);
  const fix = ok ? {} : {fix: ['install a newer Node']};
  return [
    {name: 'node', ok, found: version, need: `Node ${OLDEST_NODE} or later`, ...fix, fixable: false, required: true},
  ];
};

/** A tool that some runbooks use: how to ask its version, and the package that has it. */
export interface Tool {
  readonly ask: readonly [string, ...string[]];
  readonly get: string | ((machine: Machine) => readonly string[]);
}

const byApt = (name: string): string => `with Debian or Ubuntu: sudo apt-get install ${name}`;

/** Releases differ in whether they have version 2, and under which name. */
const getCompose = ({provision}: Machine): string[] => [
  'with Debian 13: sudo apt-get install docker-compose; with Ubuntu: sudo apt-get install docker-compose-v2',
  `with Debian 12, which has version 1 only, or without root: sh ${join(dirname(provision), 'compose.sh')}`,
];

/** The optional tools, by the name that a runbook's `requires` gives them. */
export const TOOLS: Readonly<Record<string, Tool>> = {
  curl: {ask: ['curl', '--version'], get: byApt('curl')},
  dig: {ask: ['dig', '-v'], get: byApt('bind9-dnsutils')},
  jq: {ask: ['jq', '--version'], get: byApt('jq')},
  'docker-compose': {
    ask: ['docker', 'compose', 'version'],
    get: getCompose,
  },
  'docker-machine': {
    ask: ['docker-machine', '--version'],
    get: 'it is no longer maintained: use the driver docker or ssh of machine.create',
  },
  consul: {ask: ['consul', 'version'], get: 'or use the one in a container: docker exec consul-client1 consul ...'},
};

/** One optional tool: there, and which version. */
export const checkTool = async (machine: Machine, name: string, tool: Tool): Promise<Finding[]> => {
  const answer = await ask(machine, ...tool.ask);
  // dig says its version on stderr
  const line = firstLine(answer.stdout) || firstLine(answer.stderr);
  const ok = answer.ended === 'yes' && answer.code === 0;
  const found = ok ? (versionOf(line) ?? line) : answer.ended === 'late' ? 'it does not answer' : 'not there';
  return [
    {
      name,
      ok,
      found,
      ...(ok ? {} : {fix: typeof tool.get === 'string' ? [tool.get] : tool.get(machine)}),
      fixable: false,
      required: false,
    },
  ];
};
