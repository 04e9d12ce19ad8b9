import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {reportInternal, reportProblem, reportProblems} from '../../cli/report.ts';
import {coloured, columnsOf, plain} from '../../cli/streams.ts';
import {fitted} from '../../cli/width.ts';

const test = suite('report');
const how = {style: plain, cwd: '/home/me', program: 'runbook'};

test('has the four parts of an error: where, what, evidence, next', () => {
  const text = reportProblem(
    {
      code: 'unknown-option',
      message: 'step "start_web": docker.run has no option "imge"',
      place: {file: '/home/me/runbooks/upgrade-web.yaml', line: 14, column: 7},
      expected: 'image, name, ports, env',
      next: ['did you mean "image"?'],
    },
    how,
  );

  assert.is(
    text,
    [
      '✖ runbooks/upgrade-web.yaml:14:7: step "start_web": docker.run has no option "imge" [unknown-option]',
      '  expected  image, name, ports, env',
      '  next      did you mean "image"?',
    ].join('\n'),
  );
});

test('breaks what is wrong between words on a terminal, and nowhere else', () => {
  const problem = {code: 'command-failed', message: 'step "build" failed:\nexited with code 3 after a while'} as const;

  assert.is(
    reportProblem(problem, {...how, fit: (text) => fitted(text, 24)}),
    '✖ step "build" failed:\nexited with code 3\n  after a while\n  [command-failed]',
  );
  assert.is(reportProblem(problem, how), '✖ step "build" failed:\nexited with code 3 after a while [command-failed]');
});

test('takes a terminal that does not tell its width for none', () => {
  const write = (): void => {};
  assert.is(columnsOf({write, isTTY: true, columns: 80}), 80);
  assert.is(columnsOf({write, isTTY: true, columns: 0}), undefined);
  assert.is(columnsOf({write, columns: 80}), undefined);
});

test('quotes the lines of the file with a marker', () => {
  const excerpt = '14 |   imge: nginx\n   |   ^^^^';
  const text = reportProblem({code: 'unknown-option', message: 'no such option', excerpt}, how);

  assert.is(text, '✖ no such option [unknown-option]\n  14 |   imge: nginx\n     |   ^^^^');
});

test('puts further lines below the first one, so that they can be pasted', () => {
  const text = reportProblem(
    {
      code: 'step-failed',
      message: 'it failed',
      ran: 'docker run \\\n  nginx',
      output: ['one', 'two'],
      next: ['free port 80', 'runbook resume k3f9'],
    },
    how,
  );

  assert.is(
    text,
    [
      '✖ it failed [step-failed]',
      '  ran       docker run \\',
      '              nginx',
      '  output    one',
      '            two',
      '  next      free port 80',
      '            runbook resume k3f9',
    ].join('\n'),
  );
});

test('shows a file outside the working directory by its whole path', () => {
  const place = {file: '/srv/x.yaml', line: 1, column: 1};
  assert.match(reportProblem({code: 'usage', message: 'bad', place}, how), '✖ /srv/x.yaml:1:1: bad');
});

test('reports all problems, and how many they are', () => {
  const text = reportProblems(
    [
      {code: 'usage', message: 'one'},
      {code: 'usage', message: 'two'},
    ],
    how,
  );

  assert.is(text, '✖ one [usage]\n\n✖ two [usage]\n\n2 problems\n');
});

test('is the same text with colours', () => {
  const problem = {code: 'usage', message: 'bad', expected: 'good'} as const;
  const colours = /\x1b\[\d+m/g;
  const text = reportProblem(problem, {...how, style: coloured});

  assert.ok(colours.test(text));
  assert.is(text.replace(colours, ''), reportProblem(problem, how));
});

test('says that a bug of ours is one, with the trace only when asked', () => {
  const error = new Error('no such node');

  assert.match(
    reportInternal(error, '1.2.3', false, plain),
    /^✖ internal error: no such node \[internal\]\n {2}version {3}runbook 1\.2\.3/,
  );
  assert.not.match(reportInternal(error, '1.2.3', false, plain), 'report.test.ts');
  assert.match(reportInternal(error, '1.2.3', true, plain), 'report.test.ts');
});

test('names this program as it was called, so that the next line can be typed', () => {
  const problem = {code: 'step-failed', message: 'no', next: ['repair it, then: runbook resume 7f3a']} as const;

  const text = reportProblem(problem, {...how, program: 'npx runbook'});

  assert.match(text, 'next      repair it, then: npx runbook resume 7f3a');
});

test.run();
