import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {Normaliser} from '../../../cli/recording/normaliser.ts';

const test = suite('normaliser');

const plain = (written: readonly string[] = []): Normaliser => new Normaliser({written, ofHere: []});
const ID = '4f6a1c0b9d2e'.padEnd(64, '7');

test('gives the same value the same name on the whole page, and another one another', () => {
  const normaliser = plain();

  assert.is(normaliser.output('172.18.0.2\n172.18.0.9\n'), '192.0.2.1\n192.0.2.2');
  assert.is(normaliser.command('curl http://172.18.0.9:5000/'), 'curl http://192.0.2.2:5000/');
  assert.is(normaliser.line('result.ip = "172.18.0.2"'), 'result.ip = "192.0.2.1"');
});

test('knows an id by its beginning, and an address by the name that Consul makes of it', () => {
  const normaliser = plain();

  assert.is(normaliser.output(ID), '<id-1>');
  assert.is(normaliser.output(`removed ${ID.slice(0, 12)}`), 'removed <id-1>');
  assert.is(normaliser.output('172.18.0.7'), '192.0.2.1');
  assert.is(normaliser.output('1 1 2377 ac120007.addr.dc1.consul.'), '1 1 2377 c0000201.addr.dc1.consul.');
});

test('leaves alone what the runbook fixes, and what is the same everywhere', () => {
  const normaliser = plain(['ping 10.1.2.3 every 1s']);
  const text = '127.0.0.1:8500 0.0.0.0 10.1.2.3 every 1s, version 1.8.7';

  assert.is(normaliser.output(text), text);
  assert.is(normaliser.output('10.1.2.31 after 11s'), '192.0.2.1 after <duration>');
});

test('draws tables anew, with ids named after what they are', () => {
  const table = [
    'CONTAINER ID   IMAGE       STATUS                  NAMES',
    '4f6a1c0b9d2e   consul:1    Up Less than a second   consul-server1',
    '999999999999   consul:1    Exited (0) 3 days ago   consul-server2',
  ].join('\n');

  assert.is(
    plain().output(table),
    [
      'CONTAINER ID    IMAGE      STATUS                   NAMES',
      '<container-1>   consul:1   Up moments               consul-server1',
      '<container-2>   consul:1   Exited (0) moments ago   consul-server2',
    ].join('\n'),
  );
});

test('tells cells that are empty from those behind them', () => {
  const table = [
    'ID                            HOSTNAME   STATUS    MANAGER STATUS   ENGINE',
    'ndc4obioi8nsn7sr2fnlbo536     agent      Ready                      26.1.5',
    'rvw6flmg93bhphvoqrm2ux26s *   master     Ready     Leader           26.1.5',
  ].join('\n');

  assert.is(
    plain().output(table),
    [
      'ID           HOSTNAME   STATUS   MANAGER STATUS   ENGINE',
      '<node-1>     agent      Ready                     26.1.5',
      '<node-2> *   master     Ready    Leader           26.1.5',
    ].join('\n'),
  );
});

test('leaves of a pull what a terminal would show at its end, and lays out JSON', () => {
  const pull = [
    '25256bb19746: Pulling fs layer',
    '25256bb19746: Download complete',
    '25256bb19746: Pull complete',
    'done',
  ];

  assert.is(plain().output(pull.join('\n')), '<id-1>: Pull complete\ndone');
  assert.is(
    plain().output('{"Address":"172.18.0.2","At":"2026-01-02T03:04:05.6Z","Took":"1.5ms","Number":12345678}'),
    '{\n  "Address": "192.0.2.1",\n  "At": "<time>",\n  "Took": "<duration>",\n  "Number": 12345678\n}',
  );
});

test('shows no folder of the recording', () => {
  const normaliser = new Normaliser({written: [], ofHere: [['/tmp/x1/shop', '.']]});

  assert.is(normaliser.output('wrote /tmp/x1/shop/out/page'), 'wrote ./out/page');
});

test.run();
