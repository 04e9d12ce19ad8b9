import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {resolveEnv} from '../../engine/env-files.ts';
import {RunbookError} from '../../engine/errors.ts';
import {inFolder} from './loading.ts';

const test = suite('env-files');

const place = {file: 'f.yaml', line: 2, column: 7};

test('later files win, the process environment wins over all, and only defined names are there', () =>
  inFolder({'a.env': 'A=1\nB=1\nC=1\n', 'b.env': 'B=2\nC=2\n', 'extra.env': 'C=3\nD=3\n'}, async (dir) => {
    const env = ['a.env', 'b.env'].map((name) => ({path: join(dir, name), place}));

    const values = await resolveEnv({env}, [join(dir, 'extra.env')], {D: 'process', HOME: '/h', A: undefined});

    assert.equal(values, {A: '1', B: '2', C: '3', D: 'process'});
  }));

test('nothing in a file is expanded or run', () =>
  inFolder({'a.env': 'A=$(id -u) ${HOME}\nB="x\ny"\n'}, async (dir) => {
    const values = await resolveEnv({env: [{path: join(dir, 'a.env'), place}]}, [], {HOME: '/h'});
    assert.equal(values, {A: '$(id -u) ${HOME}', B: 'x\ny'});
  }));

test('reports every file that is missing or no file', () =>
  inFolder({'dir/x': ''}, async (dir) => {
    try {
      await resolveEnv({env: [{path: join(dir, 'none.env'), place}]}, [join(dir, 'dir')], {});
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
      assert.match(error.message, 'is a directory');
    }
  }));

test.run();
