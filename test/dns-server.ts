import dgram from 'node:dgram';
import {once} from 'node:events';
import net, {type AddressInfo} from 'node:net';
// @ts-expect-error it has no types
import dnsPacket from 'dns-packet';

/** As much of it as is used here. */
interface Packet {
  readonly type?: 'response';
  readonly id?: number;
  readonly flags?: number;
  readonly questions?: readonly {readonly name: string}[];
  readonly answers?: readonly {
    readonly type: 'A';
    readonly name: string;
    readonly ttl: number;
    readonly data: string;
  }[];
}
const packet: {
  encode(packet: Packet): Buffer;
  decode(bytes: Buffer): Packet;
  streamDecode(bytes: Buffer): Packet;
  readonly TRUNCATED_RESPONSE: number;
} = dnsPacket;

/** How a DNS server goes wrong; a real one can't be told to. */
export type Fault = 'silent' | 'garbage' | 'servfail' | 'refused' | 'other-id' | 'cut' | 'cut-without-tcp' | 'none';

export interface DnsServer {
  /** As `host:port`. */
  readonly address: string;
  /** From now on. */
  fault: Fault;
  close(): void;
}

const SERVFAIL = 2;
const REFUSED = 5;

const answerTo = (question: Packet, fault: Fault): Buffer | undefined => {
  const {id = 0, questions = []} = question;
  const name = questions[0]?.name ?? '';
  const reply = (more: Packet): Buffer => packet.encode({type: 'response', id, questions, ...more});
  const whole: Packet = {answers: [{type: 'A', name, ttl: 0, data: '192.0.2.9'}]};
  switch (fault) {
    case 'silent':
      return undefined;
    case 'garbage':
      return Buffer.concat([reply({}).subarray(0, 2), Buffer.from('\x81\x80\xff\xff\xff\xff garbage')]);
    case 'servfail':
      return reply({flags: SERVFAIL});
    case 'refused':
      return reply({flags: REFUSED});
    case 'other-id':
      return reply({...whole, id: (id + 1) % 65536});
    case 'cut':
    case 'cut-without-tcp':
      return reply({flags: packet.TRUNCATED_RESPONSE});
    case 'none':
      return reply(whole);
  }
};

/** A DNS server that answers every name with 192.0.2.9, or goes wrong. */
export const startDns = async (fault: Fault, host = '127.0.0.1', port = 0): Promise<DnsServer> => {
  const udp = dgram.createSocket('udp4');
  udp.bind(port, host);
  await once(udp, 'listening');
  const own = udp.address().port;
  const tcp = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const answer = answerTo(packet.streamDecode(bytes), 'none') ?? Buffer.alloc(0);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([length, answer]));
    });
  });
  if (fault === 'cut') {
    tcp.listen(own, host);
    await once(tcp, 'listening');
  }
  const server: DnsServer = {
    address: `${host}:${(udp.address() as AddressInfo).port}`,
    fault,
    close() {
      udp.close();
      tcp.close();
    },
  };
  udp.on('message', (bytes, {address, port: from}) => {
    const answer = answerTo(packet.decode(bytes), server.fault);
    if (answer !== undefined) udp.send(answer, from, address);
  });
  return server;
};
