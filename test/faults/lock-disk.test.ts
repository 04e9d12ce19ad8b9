import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, readdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {acquireLock, holderOf} from '../../engine/lock.ts';
import {cliTest} from '../cli-rig.ts';
import {mayMount, onLoop, onTmpfs} from '../mounts.ts';
import {isSoak} from '../random.ts';
import {throws} from '../rig.ts';
import {Crowd, fight, isFreeOf} from './crowd.ts';

const test = suite('lock faults: its disk');
const onOwnDisk = mayMount() ? test : test.skip;

onOwnDisk(
  'works on other file systems',
  cliTest(async ({dir}) => {
    const body = async (disk: string): Promise<void> => {
      const crowd = new Crowd(dir, join(disk, 'lock'));
      try {
        await fight(crowd, isSoak ? 100 : 10, () => crowd.start());
      } finally {
        await crowd.end();
      }
      assert.ok(crowd.neverTwo().entered > 4);
      isFreeOf(crowd);
    };

    await onTmpfs(dir, 'size=4m', body);
    for (const kind of ['ext4', 'xfs', 'btrfs'])
      if (existsSync(`/usr/sbin/mkfs.${kind}`)) await onLoop(dir, {kind, size: '320M'}, body);
  }, 300_000),
);

onOwnDisk(
  'on a full disk is refused and leaves nothing, or is released in its place',
  cliTest(async ({dir}) =>
    onTmpfs(dir, 'size=64k,nr_inodes=32', async (disk) => {
      const folder = join(disk, 'lock');
      const filler = join(disk, 'filler');
      const fill = (): void => void execFileSync('sh', ['-c', 'cat /dev/zero > "$0" 2>/dev/null || true', filler]);
      const lock = acquireLock(folder, 'first');
      fill();
      lock.release();
      assert.is(holderOf(folder), undefined);
      assert.equal(readdirSync(folder), ['1']);

      throws(() => acquireLock(folder, 'second'), 'state-unwritable');
      assert.equal(readdirSync(folder), ['1']);

      rmSync(filler);
      for (let n = 0; n < 40; n++) spawnSync('touch', [join(disk, `f${n}`)]);
      throws(() => acquireLock(folder, 'third'), 'state-unwritable');
      assert.equal(readdirSync(folder), ['1']);
      for (let n = 0; n < 40; n++) rmSync(join(disk, `f${n}`), {force: true});
      acquireLock(folder, 'fourth').release();
    }),
  ),
);

test.run();
