import type {BenchCase} from '../case.ts';

const RUNBOOK = `name: one
title: One step
steps:
  - {id: only, run: "true"}
`;

const PLAYBOOK = `- hosts: localhost
  connection: local
  gather_facts: false
  tasks: [{command: "true"}]
`;

const SCRIPTS = {
  name: 'one',
  scripts: {only: 'true', wired: 'wireit'},
  wireit: {wired: {command: 'true'}},
};

const COMPOSE = 'services: {only: {image: "none", command: ["true"]}}\n';

export const benchCase: BenchCase = {
  about: 'a process from its start to its end',

  async comparisons(bench) {
    await bench.write({
      'one.yaml': RUNBOOK,
      'one.yml': PLAYBOOK,
      Makefile: 'only:\n\ttrue\n',
      'package.json': JSON.stringify(SCRIPTS),
      'compose.yaml': COMPOSE,
    });
    const {program} = bench;
    const base = bench.timed('node -e 0', [process.execPath, '-e', '0']);
    return [
      {
        what: 'say the version',
        base,
        others: [bench.timed('runbook --version', [...program, '--version'], 1.3)],
      },
      {
        what: 'check a file',
        base,
        others: [
          bench.timed('runbook validate consul-cluster', [...program, 'validate', 'consul-cluster'], 2),
          ...bench.timedPeers({
            'ansible-playbook': ['ansible-playbook', '--syntax-check', 'one.yml'],
            'docker compose': ['docker', 'compose', 'config', '--quiet'],
          }),
        ],
      },
      {
        what: 'run one step: true',
        base,
        others: [
          bench.timed('runbook run', [...program, 'run', './one.yaml'], 2.5),
          ...bench.timedPeers({
            bash: ['bash', '-c', 'sh -c true'],
            make: ['make', '--silent'],
            'ansible-playbook': ['ansible-playbook', 'one.yml'],
            wireit: ['npm', 'run', '--silent', 'wired'],
            'npm-run-all2': ['run-s', '--silent', 'only'],
          }),
        ],
      },
    ];
  },
};
