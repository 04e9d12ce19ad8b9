import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest} from '../cli-rig.ts';
import {actsOf, editor, failing, OPEN} from '../menu-rig.ts';

const test = suite('the editor of the menu');

test(
  'opens the runbook at the failed step in the editor of VISUAL, arguments and quotes and all',
  cliTest(async (rig) => {
    const path = await editor(rig, 'my tools/vi', 'printf "%s\\n" "$@" > given; sed -i "s/test -f go/true/" "$3"');
    const pty = await failing(rig, {env: {VISUAL: `"${path}" -X`, EDITOR: 'false'}});
    assert.match(pty.text(), '[e]dit    web.yaml, line 6, in vi; then retry');

    pty.types('e');

    assert.is(await pty.ended, 0, pty.text());
    assert.is(await rig.read('given'), `-X\n+6\n${join(rig.dir, 'runbooks/web.yaml')}\n`);
    assert.equal(await actsOf(rig), ['first', 'fail', 'fail', 'last']);
    assert.match(pty.text(), /- first +no check/);
  }),
);

test(
  'shows what is wrong with an edit, and opens the editor again, there',
  cliTest(async (rig) => {
    const path = await editor(
      rig,
      'nano',
      'echo "$1" >> given; case $(wc -l < given) in 1) sed -i "s/test -f go/true/; s/  - id: first/&\\n    wrong: x/" "$2" ;; *) sed -i /wrong/d "$2" ;; esac',
    );
    const pty = await failing(rig, {env: {EDITOR: path}});

    pty.types('e');
    await pty.says('has no key "wrong"');
    await pty.says(OPEN);
    assert.match(pty.text(), '▸ [e]dit    web.yaml, line 5, in nano; then retry');
    pty.types('\r');

    assert.is(await pty.ended, 0, pty.text());
    assert.is(await rig.read('given'), '+6\n+5\n');
    assert.equal(await actsOf(rig), ['first', 'fail', 'fail', 'last']);
  }),
);

test(
  'retries nothing where the editor changed nothing, failed, or is not there',
  cliTest(async (rig) => {
    const path = await editor(rig, 'ed.sh', 'test ! -f bad || exit 3');
    const pty = await failing(rig, {env: {EDITOR: path}});

    pty.types('e');
    await pty.says('runbooks/web.yaml:6:5 was left as it is; nothing was retried');
    await pty.says(OPEN);
    await rig.write({bad: ''});
    pty.types('e');
    await pty.says('the editor exited with code 3; nothing was retried');
    await pty.says(OPEN);
    pty.types('q');

    assert.is(await pty.ended, 1);
    const other = await failing(rig, {env: {EDITOR: 'no-such-editor'}});
    other.types('e');
    await other.says('there is no editor "no-such-editor": set EDITOR to one that you have');
    await other.says(OPEN);
    other.types('q');
    assert.is(await other.ended, 1);
    assert.equal(await actsOf(rig), ['first', 'fail', 'first', 'fail']);
  }),
);

test.run();
