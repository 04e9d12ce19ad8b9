import {execFileSync} from 'node:child_process';
import {cpSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Code} from '../../engine/errors.ts';
import {seal} from '../../engine/journal-line.ts';
import {SEED, seeded} from '../random.ts';
import type {Scene} from './journal-scene.ts';

/** What can have happened to a journal, and the error that tells of it. */
interface Damage {
  readonly name: string;
  readonly code: Code;
  /** What the error says. */
  readonly says: RegExp;
  do(scene: Scene): void;
}

/** A journal's lines, without the end of the last. */
export const linesOf = (bytes: Buffer): readonly string[] => bytes.toString().split('\n').slice(0, -1);

/** Writes a journal that has these lines. */
export const put = (file: string, lines: readonly string[]): void => writeFileSync(file, `${lines.join('\n')}\n`);

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x04;
  return copy;
};

/** The journal with entries of which some are others, with right checksums. */
const resealed = (bytes: Buffer, change: (entry: Record<string, unknown>, index: number) => object): string => {
  let sum = 0;
  return linesOf(bytes)
    .map((line, index) => {
      const {sum: _, ...entry} = JSON.parse(line) as Record<string, unknown>;
      const sealed = seal(change(entry, index), sum);
      sum = sealed.sum;
      return sealed.line;
    })
    .join('');
};

const random = (length: number): Buffer => {
  const next = seeded(SEED);
  return Buffer.from(Array.from({length}, () => Math.floor(next() * 256)));
};

/** Each is done to the journal of the main run of a scene. */
export const DAMAGES: readonly Damage[] = [
  {
    name: 'a flipped bit in the middle',
    code: 'journal-damaged',
    says: /journal\.jsonl:\d+:1: the journal is damaged: entry \d+ does not match its checksum[\s\S]*found {5}the \d+ entries above it are intact/,
    do: ({file, bytes}) => writeFileSync(file, flipped(bytes, Math.floor(bytes.length / 2))),
  },
  {
    name: 'a flipped bit in the last entry',
    code: 'journal-damaged',
    says: /does not match its checksum/,
    do: ({file, bytes}) => writeFileSync(file, flipped(bytes, bytes.length - 30)),
  },
  {
    name: 'a line that is lost',
    code: 'journal-damaged',
    says: /journal\.jsonl:3:1: .*entry 3 does not match its checksum/,
    do: ({file, bytes}) => put(file, linesOf(bytes).toSpliced(2, 1)),
  },
  {
    name: 'two lines that are swapped',
    code: 'journal-damaged',
    says: /journal\.jsonl:2:1/,
    do: ({file, bytes}) => {
      const [a = '', b = '', c = '', ...rest] = linesOf(bytes);
      put(file, [a, c, b, ...rest]);
    },
  },
  {
    name: 'a line that is there twice',
    code: 'journal-damaged',
    says: /journal\.jsonl:3:1/,
    do: ({file, bytes}) => {
      const [a = '', b = '', ...rest] = linesOf(bytes);
      put(file, [a, b, b, ...rest]);
    },
  },
  {
    name: 'lines that end with CR LF',
    code: 'journal-damaged',
    says: /its lines end with CR LF[\s\S]*sed -i 's\/\\r\$\/\/' COPY/,
    do: ({file, bytes}) => writeFileSync(file, bytes.toString().replaceAll('\n', '\r\n')),
  },
  {
    name: 'a byte order mark',
    code: 'journal-damaged',
    says: /it begins with a byte order mark[\s\S]*sed -i/,
    do: ({file, bytes}) => writeFileSync(file, `\ufeff${bytes}`),
  },
  {
    name: 'no journal',
    code: 'journal-damaged',
    says: /the journal of run \S+ is missing[\s\S]*docker ps --all --filter label=io\.runbook\.run=/,
    do: ({file}) => rmSync(file),
  },
  {
    name: 'an empty file',
    code: 'journal-damaged',
    says: /it is empty/,
    do: ({file}) => writeFileSync(file, ''),
  },
  {
    name: 'the beginning of a first entry',
    code: 'journal-damaged',
    says: /its first entry was cut/,
    do: ({file}) => truncateSync(file, 30),
  },
  {
    name: 'random bytes',
    code: 'journal-damaged',
    says: /it is no journal of ours/,
    do: ({file}) => writeFileSync(file, random(5000)),
  },
  {
    name: 'a file of another program',
    code: 'journal-damaged',
    says: /it is no journal of ours/,
    do: ({file}) => writeFileSync(file, '{"time":"2026-11-23","msg":"hello"}\n{"time":"2026-11-23","msg":"bye"}\n'),
  },
  {
    name: 'the journal of another run',
    code: 'journal-damaged',
    says: /this is the journal of run \S+, not of \S+/,
    do: ({file, rig, other}) => cpSync(join(rig.dir, '.runbook/runs', other, 'journal.jsonl'), file),
  },
  {
    name: 'a folder',
    code: 'journal-damaged',
    says: /it is a folder/,
    do: ({file}) => {
      rmSync(file);
      mkdirSync(file);
    },
  },
  {
    name: 'a named pipe, which nobody may wait for',
    code: 'journal-damaged',
    says: /it is a named pipe/,
    do: ({file}) => {
      rmSync(file);
      execFileSync('mkfifo', [file]);
    },
  },
  {
    name: 'a link that leads back to itself',
    code: 'file-unreadable',
    says: /can't read the journal: ELOOP/,
    do: ({file}) => {
      rmSync(file);
      symlinkSync(file, file);
    },
  },
  {
    name: '1 GB of NUL bytes',
    code: 'journal-damaged',
    says: /it is no journal of ours/,
    do: ({file}) => {
      writeFileSync(file, '');
      truncateSync(file, 2 ** 30);
    },
  },
  {
    name: '1 GB of NUL bytes behind the last entry',
    code: 'journal-damaged',
    says: /does not match its checksum/,
    do: ({file}) => truncateSync(file, 2 ** 30),
  },
  {
    name: 'a later version of the format',
    code: 'state-version',
    says: /journal\.jsonl:1:1: the journal is of version 99, this program reads version 1 and 2[\s\S]*found {5}written by runbook 9\.9/,
    do: ({file, bytes}) =>
      writeFileSync(
        file,
        resealed(bytes, (entry, index) => (index > 0 ? {what: 'ever'} : {...entry, journal: 99, program: '9.9'})),
      ),
  },
  {
    name: 'an entry of a later program',
    code: 'state-version',
    says: /journal\.jsonl:3:1: entry 3 of the journal is of a kind that this program does not know/,
    do: ({file, bytes}) =>
      writeFileSync(
        file,
        resealed(bytes, (entry, index) => (index === 2 ? {...entry, type: 'step-dreamt'} : entry)),
      ),
  },
  {
    name: 'an entry that lacks what it needs',
    code: 'journal-damaged',
    says: /journal\.jsonl:2:1: .*entry 2 \(step-started\) has no "record"/,
    do: ({file, bytes}) =>
      writeFileSync(
        file,
        resealed(bytes, ({record: _, ...entry}, index) => (index === 1 ? entry : {...entry, record: _})),
      ),
  },
];
