import type {Registry, StepType} from '../engine/step-type.ts';
import assert from './assert.ts';
import composeDown from './compose-down.ts';
import composeUp from './compose-up.ts';
import confirm from './confirm.ts';
import consulKv from './consul-kv.ts';
import consulLeader from './consul-leader.ts';
import consulMembers from './consul-members.ts';
import consulNodes from './consul-nodes.ts';
import consulRegister from './consul-register.ts';
import consulService from './consul-service.ts';
import dnsLookup from './dns-lookup.ts';
import dockerBuild from './docker-build.ts';
import dockerExec from './docker-exec.ts';
import dockerImage from './docker-image.ts';
import dockerInfo from './docker-info.ts';
import dockerInspect from './docker-inspect.ts';
import dockerLogs from './docker-logs.ts';
import dockerNetwork from './docker-network.ts';
import dockerPs from './docker-ps.ts';
import dockerPull from './docker-pull.ts';
import dockerRm from './docker-rm.ts';
import dockerRun from './docker-run.ts';
import fileWrite from './file-write.ts';
import httpGet from './http-get.ts';
import httpRequest from './http-request.ts';
import machineCreate from './machine-create.ts';
import machineInspect from './machine-inspect.ts';
import machineList from './machine-list.ts';
import machineRemove from './machine-remove.ts';
import machineSsh from './machine-ssh.ts';
import machineStart from './machine-start.ts';
import machineStop from './machine-stop.ts';
import manual from './manual.ts';
import serviceCreate from './service-create.ts';
import servicePs from './service-ps.ts';
import serviceRemove from './service-remove.ts';
import serviceScale from './service-scale.ts';
import serviceUpdate from './service-update.ts';
import shell from './shell.ts';
import stackDeploy from './stack-deploy.ts';
import stackRemove from './stack-remove.ts';
import swarmInit from './swarm-init.ts';
import swarmJoin from './swarm-join.ts';
import swarmJoinToken from './swarm-join-token.ts';
import swarmLeave from './swarm-leave.ts';
import swarmNode from './swarm-node.ts';
import swarmNodes from './swarm-nodes.ts';
import swarmPromote from './swarm-promote.ts';

const types: readonly StepType[] = [
  assert,
  composeDown,
  composeUp,
  confirm,
  consulKv,
  consulLeader,
  consulMembers,
  consulNodes,
  consulRegister,
  consulService,
  dockerBuild,
  dockerExec,
  dockerImage,
  dockerInfo,
  dockerInspect,
  dockerLogs,
  dockerNetwork,
  dockerPs,
  dockerPull,
  dockerRm,
  dockerRun,
  dnsLookup,
  fileWrite,
  httpGet,
  httpRequest,
  machineCreate,
  machineInspect,
  machineList,
  machineRemove,
  machineSsh,
  machineStart,
  machineStop,
  manual,
  serviceCreate,
  servicePs,
  serviceRemove,
  serviceScale,
  serviceUpdate,
  shell,
  stackDeploy,
  stackRemove,
  swarmInit,
  swarmJoin,
  swarmJoinToken,
  swarmLeave,
  swarmNode,
  swarmNodes,
  swarmPromote,
];

/** Every step type that a runbook may use. */
export const registry: Registry = new Map(types.map((type) => [type.name, type]));
