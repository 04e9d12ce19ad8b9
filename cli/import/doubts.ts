import type {Sketch} from './sketch.ts';

const PRIVATE_ADDRESS = /\b(192\.168|10\.\d+|172\.(1[6-9]|2\d|3[01]))\.\d+\.\d+\b(?!\/)/g;

/** What was right where the document was written, and may not be here. */
export const doubtsOf = (sketch: Sketch, earlier: readonly Sketch[]): string[] => {
  const addresses = new Set(JSON.stringify(sketch.with).match(PRIVATE_ADDRESS) ?? []);
  const ports = portsOf(sketch);
  const taken = earlier.find(
    (one) => one.on === sketch.on && one.until === undefined && portsOf(one).some((port) => ports.includes(port)),
  );
  return [
    ...[...addresses].map((one) => `${one} was an address of the author’s: yours is another one, or an output`),
    ...(taken === undefined ? [] : [`step "${taken.id}" publishes the same port: on one host only one of them can`]),
  ];
};

const portsOf = ({uses, with: options}: Sketch): string[] =>
  uses === 'docker.run' ? ((options.ports ?? []) as string[]).map((port) => port.replace(/:[^:]*$/, '')) : [];
