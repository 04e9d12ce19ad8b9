import {readFlags} from './flags.ts';
import {given, type Mapping} from './mapped.ts';

const OLD = 'docker-machine is no longer maintained: with "driver: docker" a machine is a container with an engine';

/** A command of docker-machine, without that word. Its driver of that name does the same. */
export const machine = ([verb = '', ...words]: readonly string[]): Mapping => {
  const driver = 'docker-machine';
  const [name, ...more] = words.filter((word) => !/^(-f|-y|--force)$/.test(word));
  const single = name !== undefined && !name.startsWith('-') && more.length === 0;
  switch (verb) {
    case 'create':
      return create(words);
    case 'ls':
      if (words.length > 0) return undefined;
      return {uses: 'machine.list', id: 'machines', title: 'See the machines', with: {driver}};
    case 'ip':
      if (!single) return undefined;
      return {...inspect(name, driver), id: `${name}_ip`, title: `See the address of ${name}`, value: 'ip'};
    case 'inspect':
    case 'status':
      return single ? inspect(name, driver) : undefined;
    case 'start':
    case 'stop':
      if (!single) return undefined;
      return {
        uses: `machine.${verb}`,
        id: `${verb}_${name}`,
        title: `${verb === 'start' ? 'Start' : 'Stop'} the machine ${name}`,
        with: {name, driver},
      };
    case 'rm':
      if (!single) return undefined;
      return {uses: 'machine.remove', id: `remove_${name}`, title: `Remove the machine ${name}`, with: {name, driver}};
    case 'ssh': {
      const [host = '', ...command] = words;
      if (host.startsWith('-') || command.length === 0) return undefined;
      return {
        uses: 'machine.ssh',
        id: `${host}_${command[0]}`,
        title: `Run ${command[0]} on ${host}`,
        with: {name: host, driver, command: command.length === 1 ? command[0]?.split(' ') : command},
      };
    }
    default:
      return undefined;
  }
};

const inspect = (name: string, driver: string): Extract<Mapping, {uses: string}> => ({
  uses: 'machine.inspect',
  id: `inspect_${name}`,
  title: `Look at the machine ${name}`,
  with: {name, driver},
});

/** Flags of its drivers are many, so all but the driver's name are handed on as they are: the name stands last. */
const create = (words: readonly string[]): Mapping => {
  const flags = readFlags(words.slice(0, 2), {values: ['-d|--driver']});
  const driver = flags.last('--driver');
  const name = words.at(-1);
  const rest = words.slice(/^(-d|--driver)$/.test(words[0] ?? '') ? 2 : 1, -1);
  if (driver === undefined || name === undefined || name.startsWith('-')) return undefined;
  return {
    uses: 'machine.create',
    id: name,
    title: `Make the machine ${name}`,
    value: 'name',
    with: given({name, driver: 'docker-machine', machine: given({driver, flags: rest})}),
    decide: [OLD],
  };
};
