import type Dockerode from 'dockerode';
import {textTable} from './text-table.ts';

type Info = Dockerode.ContainerInfo;

/** A container as `docker ps` shows it; as a type, so that it can be journaled. */
export type ListedContainer = {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly command: string;
  readonly state: string;
  readonly status: string;
  readonly ports: string;
};

const portText = ({IP, PublicPort, PrivatePort, Type}: Dockerode.Port): string => {
  const host = IP?.includes(':') ? `[${IP}]` : IP;
  return `${PublicPort ? `${host}:${PublicPort}->` : ''}${PrivatePort}/${Type}`;
};

// A container that others link to has further names, which contain a second slash.
const nameOf = ({Names, Id}: Info): string =>
  Names.map((name) => name.slice(1)).find((name) => !name.includes('/')) ?? Id.slice(0, 12);

export const listed = (info: Info): ListedContainer => ({
  id: info.Id,
  name: nameOf(info),
  image: info.Image,
  command: info.Command,
  state: info.State,
  status: info.Status,
  ports: [...new Set(info.Ports.map(portText))].sort().join(', '),
});

const SPANS: readonly (readonly [string, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** A length of time as docker tells it: "3 minutes ago". */
export const ago = (seconds: number): string => {
  const [name, span] = SPANS.find(([, length]) => seconds >= length) ?? ['second', 1];
  const count = Math.max(1, Math.floor(seconds / span));
  return `${count} ${name}${count === 1 ? '' : 's'} ago`;
};

const shortened = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;

const row = (info: Info): string[] => {
  const {id, image, command, status, ports, name} = listed(info);
  const age = Math.floor(Date.now() / 1000) - info.Created;
  return [
    id.slice(0, 12),
    image.replace(/^sha256:(.{12}).*/, '$1'),
    `"${shortened(command, 20)}"`,
    ago(age),
    status,
    ports,
    name,
  ];
};

const HEAD = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'];

/** The table of `docker ps`. */
export const containerTable = (containers: readonly Info[]): string => textTable(HEAD, containers.map(row));
