import {sh} from '../../engine/sh.ts';
import type {Site} from '../../engine/step-type.ts';
import {dockerCommand} from './docker.ts';
import {throughJq} from './shell-json.ts';

const flat = (filter: string): string => filter.replace(/\n\s*/g, ' ');

/** Prints all nodes of the swarm as JSON. */
const inspectNodes = (site: Site): string =>
  `${sh`${dockerCommand(site)} node ls -q`} | xargs ${sh`${dockerCommand(site)} node inspect`}`;

const ADDRESS = '(.ManagerStatus.Addr // .Status.Addr | sub(":[0-9]+$"; ""))';

/** A node as \`swarm.nodes\` hands it on. */
const NODE = flat(`{id: .ID, hostname: .Description.Hostname, status: .Status.State,
  availability: .Spec.Availability, role: .Spec.Role, leader: (.ManagerStatus.Leader // false),
  reachable: (.ManagerStatus.Reachability == "reachable"), address: ${ADDRESS},
  engine: .Description.Engine.EngineVersion, labels: (.Spec.Labels // {})}`);

/** The nodes of the swarm through a filter of jq. */
export const nodesThrough =
  (filter: string, flags?: string) =>
  (_: object, site: Site): string =>
    throughJq(inspectNodes(site), `map(${NODE}) | sort_by(.hostname) | ${filter}`, flags);

/** A task as \`service.ps\` hands it on; \`$nodes\` tells the addresses. */
const TASK = flat(`. as $task | {id: .ID, name: (.Name | sub("^[ \\\\\\\\_]+"; "")), node: .Node,
  address: (first($nodes[] | select(.Description.Hostname == $task.Node) | ${ADDRESS}) // ""),
  state: (.CurrentState | split(" ")[0] | ascii_downcase), desired: (.DesiredState | ascii_downcase), image: .Image,
  ports: (.Ports | split(",") | unique | join(", ")), error: (.Error | ltrimstr("\\"") | rtrimstr("\\""))}`);

/** The tasks of a service, those of the past too, through a filter of jq. */
export const tasksThrough =
  (filter: string) =>
  ({name}: {readonly name: string}, site: Site): string => {
    const tasks = sh`${dockerCommand(site)} service ps --no-trunc --format '{{json .}}' ${name}`;
    return `nodes=$(${inspectNodes(site)}) && ${throughJq(tasks, `map(${TASK}) | ${filter}`, '-sc --argjson nodes "$nodes"')}`;
  };
