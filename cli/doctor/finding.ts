/** What a check of this machine found. */
export interface Finding {
  /** The check that answered: `docker`, `docker-daemon`, `port-8500`, ... */
  readonly name: string;
  readonly ok: boolean;
  /** What is there, in the words of a person: "28.2.2", "not there", "in use by dnsmasq (process 123)". */
  readonly found: string;
  /** What had to be there. */
  readonly need?: string;
  /** What to type or do, one entry a line. */
  readonly fix?: readonly string[];
  /** Whether `repair` can do it. */
  readonly fixable: boolean;
  /** False for what only some runbooks use: worth a note, no failure. */
  readonly required: boolean;
}

/** The machine as the doctor may see it. The doctor reads no global itself. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where runs are kept; need not exist yet. Absolute. */
  readonly stateDir: string;
  /** The script that installs and starts Docker: `env/provision/docker.sh` of this program. Absolute. */
  readonly provision: string;
  /** How long one question to a daemon or a tool may take. */
  readonly limitMs: number;
}

/** The engine that the user's `docker` talks to. */
export interface Endpoint {
  /** `unix:///var/run/docker.sock`, `tcp://...`, `ssh://...` */
  readonly host: string;
  /** Who says so: `DOCKER_HOST`, a context's name, or `default`. */
  readonly from: string;
  /** Why `docker` can't tell, such as a context that does not exist. */
  readonly problem?: string;
}
