import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import write from '../../steps/file-write.ts';
import {rigTest} from '../rig.ts';

const test = suite('file.write: its journal');

test(
  'what it remembers of how it was before is written with the intent of its step, by one sync, before it acts',
  rigTest(async (rig) => {
    Object.assign(rig.step('file.write').type, write);
    await rig.write({'runbooks/old': 'as it was'});
    await rig.runbook(
      '  - {id: fresh, uses: file.write, with: {path: new/fresh, content: x}}\n  - {id: old, uses: file.write, with: {path: old, content: x}}\n',
    );
    const before: Record<string, readonly string[]> = {};
    rig.reached = (step, moment) => {
      if (moment !== 'before') return;
      const entries = rig.journal().filter((entry) => 'step' in entry && entry.step === step);
      const [intent] = entries;
      assert.ok(intent?.group, 'it is not written alone');
      for (const {group, type} of entries) assert.equal(group, intent.group, `${step}: ${type}`);
      before[step] = entries.map((entry) => (entry.type === 'remembered' ? entry.name : entry.type));
      assert.not.ok(existsSync(join(rig.dir, 'runbooks/new')) && step === 'fresh', 'nothing is made yet');
    };

    const {ok} = await rig.run({concurrency: 1});

    assert.ok(ok);
    const all = ['step-started', 'previous', 'folders'];
    assert.equal(before, {fresh: all, old: all});
  }),
);

test.run();
