import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {differencesOf} from '../../../cli/recording/compare.ts';

const test = suite('recorded pages');

interface Told {
  readonly check?: string;
  readonly prose?: string;
  readonly command?: string;
  readonly values?: Readonly<Record<string, string>>;
  readonly output: string;
  readonly language?: string;
}

const pageOf = ({
  prose = 'Who leads?',
  command = 'members',
  check = 'result.ok',
  values,
  output,
  language = 'text',
}: Told): string =>
  [
    '<!-- runbook docs {} -->',
    '# A page',
    '## 1. Look',
    prose,
    `\`\`\`sh\n${command}\n\`\`\``,
    ...(values === undefined ? [] : [`<!-- values ${JSON.stringify(values)} -->`]),
    `It prints:\n\n\`\`\`${language}\n${output}\n\`\`\``,
    `- ✔ \`${check}\`\n  - seen: \`result.ok = true\``,
    '---',
    'Recorded with runbook 1.',
  ].join('\n\n');

const compare = (recorded: Told, anew: Told): readonly string[] =>
  differencesOf(pageOf(recorded), pageOf(anew)).flatMap(({what, diff}) => [what, ...diff]);

const table = (...rows: string[]): string => ['Node      Status   Type', ...rows].join('\n');

test('hold when another one of several leads, and when rows come in another order', () => {
  const recorded = table('server1   alive    server', 'server2   failed   server', 'client1   alive    client');
  const anew = table('client1   alive    client', 'server2   alive    server', 'server1   failed   server');

  assert.equal(compare({output: recorded}, {output: anew}), []);
});

test('do not hold when there are others, or when more have failed', () => {
  const recorded = table('server1   alive    server', 'server2   alive    server');

  assert.equal(compare({output: recorded}, {output: table('server1   alive    server', 'server2   failed   server')}), [
    '"Look" prints something else',
    '  Node: server2',
    '  Status: alive',
    '- Status: alive',
    '+ Status: failed',
    '  Type: server',
    '  Type: server',
  ]);
  assert.ok(compare({output: recorded}, {output: table('server1   alive    server')}).length > 0);
});

test('hold with other addresses, ids, ages and versions, and do not with other words', () => {
  const recorded = 'web 192.0.2.1:80 <id-1>, version 1.2.3, 5 MB, Up 3 minutes';

  assert.equal(
    compare({output: recorded}, {output: 'web 192.0.2.7:80 <id-4>, version 1.3.0-rc1, 6.1 MB, Up 2 seconds'}),
    [],
  );
  assert.ok(compare({output: recorded}, {output: recorded.replace(':80', ':81')}).length > 0);
});

test('compare JSON field by field; what nobody has filled in yet is no difference', () => {
  const recorded = [
    {Node: 'a', Leader: true, Index: 7, Meta: null},
    {Node: 'b', Leader: false, Index: 9, Meta: null},
  ];
  const elected = [
    {Node: 'a', Leader: false, Index: 8, Meta: {x: 'y'}},
    {Node: 'b', Leader: true, Index: 12, Meta: null},
  ];
  const both = [{...elected[0], Leader: true}, elected[1]];
  const json = (output: unknown): Told => ({output: JSON.stringify(output), language: 'json'});

  assert.equal(compare(json(recorded), json(elected)), []);
  assert.equal(
    compare(json(recorded), json(both)).filter((line) => /^[-+]/.test(line)),
    ['- [].Leader = false', '+ [].Leader = true'],
  );
});

test('hold when a step was given another name by the run', () => {
  const told = (name: string): Told => ({
    command: `docker kill ${name}`,
    values: {'leader.follower': name},
    output: name,
  });

  assert.equal(compare(told('server1'), told('server2')), []);
  assert.equal(compare(told('server1'), {...told('server1'), output: 'no such container'}), [
    '"Look" prints something else',
    '- server1',
    '+ no such container',
  ]);
});

test('hold when a name that was chosen stands in the command for another reason', () => {
  const told = (node: string): Told => ({
    command: 'docker --context master service ps web',
    values: {'landed.node': node},
    output: table(`${node.padEnd(7)}   alive    server`),
  });

  assert.equal(compare(told('master'), told('agent')), []);
});

test('hold when a name was chosen in the place of another in a list that has both', () => {
  const told = (name: string): Told => ({
    values: {'leading.name': name},
    output: table('server1   alive   server', 'server2   alive   server'),
  });
  const alone = (name: string): Told => ({values: {'landed.node': name}, output: table(`${name}   alive   server`)});

  assert.equal(compare(told('server1'), told('server2')), []);
  assert.equal(compare(alone('server1'), alone('server2')), []);
});

test('hold when a status is another that the check admits, and no other', () => {
  const told = (status: string): Told => ({
    check: 'm.status in ["failed", "left"]',
    output: table(`server1   ${status.padEnd(6)}   server`, 'server2   alive   server'),
  });

  assert.equal(compare(told('failed'), told('left')), []);
  assert.ok(compare(told('failed'), told('lost')).length > 0);
});

test('do not hold when the runbook says something else', () => {
  assert.equal(compare({output: 'a'}, {prose: 'Who follows?', output: 'a'}), [
    '"Look" reads otherwise',
    '- Who leads?',
    '+ Who follows?',
    '  ```sh',
    '  members',
  ]);
  assert.is(compare({output: 'a'}, {command: 'members -all', output: 'a'})[0], '"Look" reads otherwise');
  const [other] = differencesOf(pageOf({output: 'a'}), pageOf({output: 'a'}).replace('## 1. Look', '## 1. Listen'));
  assert.is(other?.what, 'the runbook has other steps');
});

test('are compared line by line, and the line of the page is named', () => {
  const [difference] = differencesOf(pageOf({output: 'one\ntwo'}), pageOf({output: 'one\nthree'}));

  assert.equal(difference?.diff, ['  one', '- two', '+ three']);
  assert.is(pageOf({output: 'one\ntwo'}).split('\n')[(difference?.line ?? 0) - 1], '## 1. Look');
});

test.run();
