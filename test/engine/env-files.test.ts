import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {resolveEnv} from '../../engine/env-files.ts';
import {RunbookError} from '../../engine/errors.ts';
import {rejects} from '../rig.ts';
import {inFolder} from './loading.ts';

const test = suite('env-files');

const place = {file: 'f.yaml', line: 2, column: 7};

test('later files win, the process environment wins over all, and only defined names are there', () =>
  inFolder({'a.env': 'A=1\nB=1\nC=1\n', 'b.env': 'B=2\nC=2\n', 'extra.env': 'C=3\nD=3\n'}, async (dir) => {
    const env = ['a.env', 'b.env'].map((name) => ({path: join(dir, name), place, secret: false}));

    const {variables} = await resolveEnv({env}, [join(dir, 'extra.env')], {D: 'process', HOME: '/h', A: undefined});

    assert.equal(variables, {A: '1', B: '2', C: '3', D: 'process'});
  }));

test('nothing in a file is expanded or run', () =>
  inFolder({'a.env': 'A=$(id -u) ${HOME}\nB="x\ny"\n'}, async (dir) => {
    const {variables} = await resolveEnv({env: [{path: join(dir, 'a.env'), place, secret: false}]}, [], {HOME: '/h'});
    assert.equal(variables, {A: '$(id -u) ${HOME}', B: 'x\ny'});
  }));

test('a name that a secret file defines is secret, wherever its value comes from', () =>
  inFolder({'a.env': 'A=1\nB=1\nEMPTY=\n', 'secret.env': 'B=secret\nC=secret\nEMPTY=\n'}, async (dir) => {
    const files = [
      {path: join(dir, 'secret.env'), place, secret: true},
      {path: join(dir, 'a.env'), place, secret: false},
    ];

    const {variables, secrets} = await resolveEnv({env: files}, [], {B: 'from the process'});

    assert.equal(variables, {B: 'from the process', C: 'secret', EMPTY: '', A: '1'});
    assert.equal([...secrets], ['B', 'C', 'EMPTY']);
  }));

test('refuses a secret that is too short to be hidden', () =>
  inFolder({'secret.env': 'B=abc\n'}, async (dir) => {
    const env = [{path: join(dir, 'secret.env'), place, secret: true}];

    const {message} = await rejects(resolveEnv({env}, [], {}), 'env-file');

    assert.match(message, 'the secret B is shorter than 4 characters');
  }));

test('names that objects have of themselves are variables like any other', () =>
  inFolder({'a.env': 'toString=a\nconstructor=b\n__proto__=c\n'}, async (dir) => {
    const {variables} = await resolveEnv({env: [{path: join(dir, 'a.env'), place, secret: false}]}, [], process.env);

    assert.is(variables.toString, 'a');
    assert.is(variables.constructor, 'b');
  }));

test('reports every file that is missing or no file', () =>
  inFolder({'dir/x': ''}, async (dir) => {
    try {
      await resolveEnv({env: [{path: join(dir, 'none.env'), place, secret: false}]}, [join(dir, 'dir')], {});
      assert.unreachable();
    } catch (error) {
      if (!(error instanceof RunbookError)) throw error;
      assert.equal(
        error.problems.map(({code, place}) => [code, place?.line]),
        [
          ['env-file', 2],
          ['env-file', undefined],
        ],
      );
      assert.match(error.message, 'none.env is missing');
      assert.match(error.message, 'is a folder');
    }
  }));

test.run();
