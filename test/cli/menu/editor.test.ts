import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {argumentsFor, editorOf, nameOf} from '../../../cli/menu/editor.ts';

const test = suite('the editor of a person');

const where = {file: '/my books/web.yaml', line: 12};

test('is VISUAL, then EDITOR, then vi', () => {
  assert.is(editorOf({VISUAL: 'code --wait', EDITOR: 'vim'}), 'code --wait');
  assert.is(editorOf({VISUAL: ' ', EDITOR: 'vim'}), 'vim');
  assert.is(editorOf({}), 'vi');
});

test('is known by the name of its program, whatever stands around it', () => {
  assert.is(nameOf('/usr/bin/vim -u NONE'), 'vim');
  assert.is(nameOf('"/opt/my tools/nano" -l'), 'nano');
  assert.is(nameOf("'/opt/my tools/code' -n"), 'code');
  assert.is(nameOf('/opt/my\\ tools/hx'), 'hx');
});

test('is given the line in its own way, and waits until the file is closed', () => {
  const file = '/my books/web.yaml';
  assert.equal(argumentsFor('vim -u NONE', where), ['+12', file]);
  assert.equal(argumentsFor('/usr/bin/nano', where), ['+12', file]);
  assert.equal(argumentsFor('emacs -nw', where), ['+12', file]);
  assert.equal(argumentsFor('code', where), ['--wait', '-g', `${file}:12`]);
  assert.equal(argumentsFor('code --wait -n', where), ['-g', `${file}:12`]);
  assert.equal(argumentsFor('code -w', where), ['-g', `${file}:12`]);
  assert.equal(argumentsFor('subl', where), ['--wait', `${file}:12`]);
  assert.equal(argumentsFor('hx', where), [`${file}:12`]);
  assert.equal(argumentsFor('my-editor', where), [file]);
});

test.run();
