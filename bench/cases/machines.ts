import type {BenchCase} from '../case.ts';
import {Ground} from '../ground.ts';

const MACHINE = 'runbook/machine:1';
const REGISTRY = 'runbook/registry:2';
const ROUNDS = 5;

const MASTER = {name: 'swarm-master', ip: '192.168.99.102'};
const AGENTS = [
  {name: 'swarm-agent-00', ip: '192.168.99.103'},
  {name: 'swarm-agent-01', ip: '192.168.99.104'},
];
const ALL = [MASTER, ...AGENTS];
const names = ALL.map(({name}) => name).join(' ');

const RESET = `docker rm -f -v ${names} registry >/dev/null 2>&1 || true
docker network rm runbook >/dev/null 2>&1 || true
docker context rm -f ${names} >/dev/null 2>&1 || true
rm -rf keys "$XDG_DATA_HOME"/*`;

/** By a hand that knows: addresses and keys beforehand, all machines at once, and nothing is waited for longer than it takes. */
const PARALLEL = `set -eu
mkdir keys
key() { openssl ecparam -genkey -name prime256v1 -noout -out "$1"; }
signed() {
  key "keys/$1-key.pem"
  openssl req -new -key "keys/$1-key.pem" -subj "/CN=$1" -out "keys/$1.csr"
  printf 'extendedKeyUsage=%s\\n' "$2" >"keys/$1.ext"
  openssl x509 -req -in "keys/$1.csr" -CA keys/ca.pem -CAkey keys/ca-key.pem -set_serial "$3" -days 30 \\
    -extfile "keys/$1.ext" -out "keys/$1.pem" 2>/dev/null
}
at() { name=$1; shift; docker --context "$name" "$@"; }
machine() {
  signed "$1" "serverAuth,clientAuth
subjectAltName=IP:$2,DNS:$1" "$3"
  mkdir "keys/$1"
  cp keys/ca.pem "keys/$1/ca.pem"
  cp "keys/$1.pem" "keys/$1/server.pem"
  cp "keys/$1-key.pem" "keys/$1/server-key.pem"
  docker run -d --name "$1" -h "$1" --network runbook --ip "$2" -v /var/lib/docker -v "$PWD/keys/$1:/var/lib/boot2docker:ro" \\
    --cap-add ALL --cap-drop SYS_RESOURCE --security-opt seccomp=unconfined --security-opt apparmor=unconfined \\
    --security-opt systempaths=unconfined --device-cgroup-rule 'a *:* rwm' --cgroupns private \\
    ${MACHINE} --registry-mirror http://registry:5000 >/dev/null
  docker context create "$1" --docker "host=tcp://$2:2376,ca=keys/ca.pem,cert=keys/client.pem,key=keys/client-key.pem" >/dev/null 2>&1
  until at "$1" version >/dev/null 2>&1; do sleep 0.05; done
}
docker image inspect ${MACHINE} >/dev/null
docker network create --subnet 192.168.99.0/24 runbook >/dev/null
docker run -d --name registry -h registry --network runbook -p 127.0.0.1:5001:5000 ${REGISTRY} >/dev/null &
key keys/ca-key.pem
openssl req -x509 -new -key keys/ca-key.pem -days 30 -subj /CN=ca -out keys/ca.pem
signed client clientAuth 1
${ALL.map(({name, ip}, index) => `machine ${name} ${ip} ${index + 2} &`).join('\n')}
wait
at ${MASTER.name} swarm init --advertise-addr ${MASTER.ip} >/dev/null
token=$(at ${MASTER.name} swarm join-token -q worker)
${AGENTS.map(({name}) => `at ${name} swarm join --token "$token" ${MASTER.ip}:2377 >/dev/null &`).join('\n')}
wait
until [ "$(at ${MASTER.name} node ls --format '{{.Status}}' | grep -c Ready)" = ${ALL.length} ]; do sleep 0.05; done
`;

export const benchCase: BenchCase = {
  about: 'the three machines of dev-token-cluster, on a Docker Engine of its own',

  async comparisons(bench) {
    const ground = await Ground.prepare(bench, [MACHINE, REGISTRY], RESET);
    await bench.write({'parallel.sh': PARALLEL});
    return [
      {
        what: 'from nothing to three nodes that are ready',
        rounds: ROUNDS,
        base: ground.anew('a shell script: all at once, waits by looking', () => ['sh', 'parallel.sh']),
        others: [
          ground.anew(
            'runbook run dev-token-cluster --until nodes',
            () => ground.run('dev-token-cluster', '--until', 'nodes'),
            1.15,
          ),
        ],
      },
    ];
  },
};
