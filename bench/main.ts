/** `npm run bench [-- CASE... --rounds N]`: measures the cases of `cases/`, and prints their tables. */
import {readdirSync} from 'node:fs';
import {cpus} from 'node:os';
import {parseArgs} from 'node:util';
import {Bench} from './bench.ts';
import type {BenchCase} from './case.ts';
import {measure} from './measure.ts';
import {absentPeers} from './peers.ts';
import {tableOf} from './table.ts';

const ROUNDS = 11;

const {positionals, values} = parseArgs({allowPositionals: true, options: {rounds: {type: 'string'}}});

const known = readdirSync(new URL('cases', import.meta.url)).map((file) => file.replace(/\.ts$/, ''));
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`no case ${unknown.join(', ')}; there are: ${known.join(', ')}`);

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const [cpu] = cpus();
print(`Node ${process.version}, ${cpus().length} x ${cpu?.model ?? 'an unknown processor'}`);

for (const name of positionals.length > 0 ? positionals : known) {
  const {benchCase}: {benchCase: BenchCase} = await import(`./cases/${name}.ts`);
  print(`\n## ${name}: ${benchCase.about}`);
  await Bench.in(async (bench) => {
    const absent = absentPeers(bench.peers);
    if (absent.length > 0) print(`\nnot found here, and not compared: ${absent.join(', ')}`);
    for (const comparison of await benchCase.comparisons(bench)) {
      const rows = await measure(comparison, Number(values.rounds ?? comparison.rounds ?? ROUNDS));
      print(`\n${tableOf(comparison, rows)}`);
    }
  });
}
