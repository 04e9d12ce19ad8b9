import {StringDecoder} from 'node:string_decoder';

/** Which of a container's two streams a piece of text comes from. */
export type Channel = 'stdout' | 'stderr';

const HEADER_BYTES = 8;

/**
 * Takes apart Docker's multiplexed stream: frames of a channel number, three zeros and a length. Containers with a
 * terminal have one raw stream instead. Characters are whole, also when a chunk ends in the middle of one.
 */
export async function* demux(
  chunks: AsyncIterable<Buffer>,
  tty: boolean,
): AsyncGenerator<{readonly channel: Channel; readonly text: string}> {
  const decoders = {stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8')};
  for await (const {channel, bytes} of tty ? raw(chunks) : frames(chunks)) {
    yield {channel, text: decoders[channel].write(bytes)};
  }
}

async function* raw(chunks: AsyncIterable<Buffer>): AsyncGenerator<{channel: Channel; bytes: Buffer}> {
  for await (const bytes of chunks) yield {channel: 'stdout', bytes};
}

async function* frames(chunks: AsyncIterable<Buffer>): AsyncGenerator<{channel: Channel; bytes: Buffer}> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) break;
      yield {channel: rest[0] === 2 ? 'stderr' : 'stdout', bytes: rest.subarray(HEADER_BYTES, end)};
      rest = rest.subarray(end);
    }
  }
}

/** One message of the daemon while it pulls or builds. */
export interface Progress {
  readonly id?: string;
  readonly status?: string;
  readonly stream?: string;
  readonly progressDetail?: {readonly total?: number};
  readonly error?: string;
  readonly aux?: {readonly ID?: string};
}

/** The daemon's messages, one JSON text a line. */
export async function* progress(chunks: AsyncIterable<Buffer>): AsyncGenerator<Progress> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}

/** How much of what a command prints is kept for later steps; the step's log has its own limit. */
const KEPT_CHARACTERS = 1_000_000;

/** Text that grows to a limit; what comes after it is dropped and said. */
export class Captured {
  #text = '';
  #dropped = 0;

  add(text: string): void {
    const room = Math.max(0, KEPT_CHARACTERS - this.#text.length);
    this.#text += text.slice(0, room);
    this.#dropped += Math.max(0, text.length - room);
  }

  get text(): string {
    return this.#dropped === 0 ? this.#text : `${this.#text}\n[${this.#dropped} more characters left out]\n`;
  }
}

/** The last lines of a text, for an error. */
export const lastLines = (text: string, count = 5): string => text.trimEnd().split('\n').slice(-count).join('\n');
