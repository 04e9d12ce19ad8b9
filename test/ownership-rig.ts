import * as assert from 'uvu/assert';
import {type CliRig, cliTest, type Ended} from './cli-rig.ts';
import {testEngine} from './docker-engine.ts';
import {IMAGE} from './docker-rig.ts';

/** A rig with the tests' own engine, whose things all begin with `rbc-`. */
export interface Rig extends CliRig {
  call(...args: string[]): Promise<Ended>;
  docker(line: string): Promise<string>;
  /** Names of what there is, `rbc-` left out: containers, networks, volumes and images. */
  there(): Promise<string[]>;
  runs(): Promise<{run: string; state: string}[]>;
  ps(...args: string[]): Promise<Listing>;
  env: Record<string, string>;
}

export interface Listing {
  readonly runs: {run: string; standing: string; place?: string; things: {kind: string; name: string}[]}[];
  readonly unseen: {on: string | null; message: string}[];
}

const rigOn = (rig: CliRig, env: Record<string, string>): Rig => {
  const sh = async (line: string): Promise<Ended> => rig.runbook([], {command: ['sh', '-c', line], env: own.env});
  const own: Rig = {
    ...rig,
    env,
    call: (...args) => rig.runbook(args, {env: own.env}),
    async docker(line) {
      const {code, stdout, stderr} = await sh(`docker ${line}`);
      assert.is(code, 0, `docker ${line}\n${stderr}`);
      return stdout.trim();
    },
    async there() {
      const lists = [
        "ps -a --format '{{.Names}}' --filter name=rbc-",
        "network ls --format '{{.Name}}' --filter name=rbc-",
        'volume ls -q --filter name=rbc-',
        "images --format '{{.Repository}}' --filter 'reference=rbc-*'",
      ];
      const found = await Promise.all(lists.map((line) => own.docker(line)));
      return found
        .flatMap((text) => text.split('\n').filter(Boolean))
        .map((name) => name.replace('rbc-', ''))
        .sort();
    },
    runs: async () => JSON.parse((await own.call('runs', '--json')).stdout),
    ps: async (...args) => JSON.parse((await own.call('ps', '--json', ...args)).stdout),
  };
  return own;
};

export const engineRig = (body: (rig: Rig) => Promise<void>, limitMs = 120_000): (() => Promise<void>) =>
  cliTest(async (rig) => {
    const engine = await testEngine();
    await engine.load(IMAGE);
    const own = rigOn(rig, {...engine.env});
    try {
      await body(own);
    } finally {
      const remove = [
        'docker ps -aq --filter name=rbc- | xargs -r docker rm -f -v',
        'docker network ls -q --filter name=rbc- | xargs -r docker network rm',
        'docker volume ls -q --filter name=rbc- | xargs -r docker volume rm',
        // by their names: by its id none can go before what was made from it, and of one second the order is not told
        "docker images --format '{{.Repository}}:{{.Tag}}' --filter 'reference=rbc-*' | xargs -r docker rmi -f",
      ];
      await rig.runbook([], {command: ['sh', '-c', remove.join('; ')], env: own.env});
    }
  }, limitMs);

export const kindsOf = ({runs}: Listing, run: string): string[] =>
  [...new Set(runs.find((one) => one.run === run)?.things.map(({kind}) => kind))].sort();
