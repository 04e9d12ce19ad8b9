/** One line of `docker-machine ls`. */
export interface Listed {
  readonly name: string;
  readonly driver: string;
  /** Running, Stopped, Saved, Paused, Error, Timeout, ...: in small letters; `unknown` when it says nothing. */
  readonly state: string;
  readonly url: string;
  readonly error: string;
}

/** Reads `docker-machine ls --format '{{.Name}}|{{.DriverName}}|{{.State}}|{{.URL}}|{{.Error}}'`. */
export const parseList = (text: string): Listed[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes('|'))
    .map((line) => {
      const [name = '', driver = '', state = '', url = '', ...error] = line.split('|');
      return {name, driver, state: state.toLowerCase() || 'unknown', url, error: error.join('|')};
    });

/** Reads the lines `export NAME="value"` of `docker-machine env`. */
export const parseEnvironment = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^export (\w+)="(.*)"$/gm)].map(([, name = '', value = '']) => [name, value]));

/** The address alone: of a URL, or of what driver none gives for an address, which has the port, too. */
export const plainAddress = (text: string): string => text.replace(/^\w+:\/\//, '').replace(/:\d+$/, '');
