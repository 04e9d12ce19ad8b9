import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {Painter} from '../../../cli/progress/painter.ts';
import {Terminal} from '../../terminal.ts';

const test = suite('painter');

const painterOn = (terminal: Terminal): Painter =>
  new Painter(
    (text) => terminal.write(text),
    () => terminal.columns,
  );

test('redraws live lines in place', () => {
  const terminal = new Terminal(80, 24);
  const painter = painterOn(terminal);

  painter.paint(['one', 'two', 'three']);
  painter.paint(['one', 'second']);

  assert.equal(terminal.lines(), ['one', 'second']);
});

test('keeps lines above the live ones, in order', () => {
  const terminal = new Terminal(80, 24);
  const painter = painterOn(terminal);

  painter.paint(['running a']);
  painter.paint(['running b'], ['a done']);
  painter.paint(['running b, 2 s']);
  painter.paint([], ['b done']);

  assert.equal(terminal.lines(), ['a done', 'b done']);
});

test('goes on below what a shell wrote while the terminal was left to it', () => {
  const terminal = new Terminal(80, 24);
  const painter = painterOn(terminal);

  painter.paint(['running a', 'pending b']);
  painter.forget();
  terminal.write('$ fg\r\n');
  painter.paint(['running a, 9 s', 'pending b']);
  painter.paint([], ['a done']);

  assert.equal(terminal.lines(), ['running a', 'pending b', '$ fg', 'a done']);
});

test('does not write when nothing changed', () => {
  const terminal = new Terminal(80, 24);
  const painter = painterOn(terminal);
  painter.paint(['same', 'lines']);
  const {writes} = terminal;

  painter.paint(['same', 'lines']);

  assert.is(terminal.writes, writes);
});

test('draws a frame in one write, and no line twice', () => {
  const written: string[] = [];
  const painter = new Painter(
    (text) => void written.push(text),
    () => 80,
  );
  painter.paint(['still', '1 s']);

  painter.paint(['still', '2 s']);

  assert.is(written.length, 2);
  assert.not.match(written[1] ?? '', 'still');
  assert.not.match(written[1] ?? '', '\x1b[J');
});

test('finds the top again after the terminal became narrower', () => {
  const written: string[] = [];
  let columns = 80;
  const painter = new Painter(
    (text) => void written.push(text),
    () => columns,
  );
  painter.paint(['x'.repeat(70), 'short']);
  columns = 40;

  painter.paint(['y', 'short']);

  assert.match(written[1] ?? '', '\r\x1b[3A');
});

test.run();
