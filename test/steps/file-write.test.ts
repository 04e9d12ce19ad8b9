import {createHash} from 'node:crypto';
import {chmod, mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import fc from 'fast-check';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';
import {variable} from '../../engine/sh.ts';
import {type Json, PermanentError, type StepContext, StepError} from '../../engine/step-type.ts';
import write from '../../steps/file-write.ts';
import {stepTest} from '../step-rig.ts';

const test = suite('file.write');

const given = (options: v.InferInput<typeof write.options>) => v.parse(write.options, options);
const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

test(
  'writes the file, its folders and its mode, and finds them true',
  stepTest(async (rig) => {
    const options = given({path: 'a/b/hello.txt', content: 'hé\n', mode: '0600'});
    const before = await write.verify?.(options, rig.context());

    const made = await write.run(options, rig.context());
    const after = await write.verify?.(options, rig.context());

    assert.equal(before?.ok === false && before.found, 'no such file');
    assert.is(made.path, join(rig.dir, 'a/b/hello.txt'));
    assert.is(await readFile(made.path, 'utf8'), 'hé\n');
    assert.is(await modeOf(made.path), '600');
    assert.equal(after, {ok: true, outputs: made});
    assert.is(made.sha256, (await rig.sh('sha256sum a/b/hello.txt')).stdout.slice(0, 64));
  }),
);

test(
  'another content and another mode are drift',
  stepTest(async (rig) => {
    const options = given({path: 'x', content: 'one'});
    await write.run(options, rig.context());

    await writeFile(join(rig.dir, 'x'), 'two');
    const content = await write.verify?.(options, rig.context());
    await writeFile(join(rig.dir, 'x'), 'one');
    await chmod(join(rig.dir, 'x'), 0o600);
    const mode = await write.verify?.(options, rig.context());

    assert.is(content?.ok === false && content.found, 'mode 0644 and another content of 3 bytes');
    assert.is(mode?.ok === false && mode.found, 'mode 0600 and the same content of 3 bytes');
  }),
);

test(
  'tells what a killed attempt has left in part',
  stepTest(async (rig) => {
    const options = given({path: 'x', content: 'one', mode: '0600'});
    const context = rig.context();
    const look = async () => {
      const verdict = await write.verify?.(options, context);
      return verdict?.ok === false ? [verdict.found, verdict.partial] : [];
    };
    await write.run(options, context);

    await chmod(join(rig.dir, 'x'), 0o644);
    assert.equal(await look(), ['mode 0644 and the same content of 3 bytes', 'incomplete']);
    await writeFile(join(rig.dir, 'x'), 'two');
    assert.equal(await look(), ['mode 0644 and another content of 3 bytes', undefined]);
    const draft = `.${createHash('sha256').update(context.key).digest('hex').slice(0, 16)}.runbook`;
    await rm(join(rig.dir, 'x'));
    await writeFile(join(rig.dir, draft), 'on');
    assert.equal(await look(), ['no such file, and half of what was to be written', 'incomplete']);

    await write.run(options, context);
    assert.equal(await readdir(rig.dir), ['x']);
  }),
);

test(
  'undo removes the file and the folders that it made',
  stepTest(async (rig) => {
    const options = given({path: 'a/b/x', content: 'one'});
    await mkdir(join(rig.dir, 'a'));
    await write.run(options, rig.context());

    await write.undo?.(options, rig.context());
    await write.undo?.(options, rig.context());

    assert.equal(await readdir(rig.dir), ['a']);
    assert.equal(await readdir(join(rig.dir, 'a')), []);
  }),
);

test(
  'steps that need the same new folder leave none of it, whichever is undone last',
  stepTest(async (rig) => {
    const memory = new Map<string, Map<string, Json>>();
    const context = (step: string): StepContext =>
      rig.context({
        key: `${rig.unique}/${step}`,
        async remember<T extends Json>(name: string, make: () => Promise<T>) {
          const own = memory.get(step) ?? new Map<string, Json>();
          memory.set(step, own);
          if (!own.has(name)) own.set(name, await make());
          return own.get(name) as T;
        },
      });
    const optionsOf = (step: string) => given({path: `new/folder/${step}`, content: step});

    for (const last of ['a', 'b', 'c']) {
      memory.clear();
      for (const step of ['a', 'b', 'c']) await write.run(optionsOf(step), context(step));
      const order = ['a', 'b', 'c'].filter((step) => step !== last);
      for (const step of [...order, last]) await write.undo?.(optionsOf(step), context(step));
      assert.equal(await readdir(rig.dir), [], `${last} last`);
    }
  }),
);

test(
  'a folder that a killed process has made is taken back, whichever step is undone last',
  stepTest(async (rig) => {
    const memory = new Map<string, Map<string, Json>>([['a', new Map<string, Json>()]]);
    const context = (step: string): StepContext =>
      rig.context({
        key: `${rig.unique}/${step}`,
        async remember<T extends Json>(name: string, make: () => Promise<T>) {
          const own = memory.get(step) ?? new Map<string, Json>();
          memory.set(step, own);
          if (!own.has(name)) own.set(name, await make());
          return own.get(name) as T;
        },
        recall: (name) => [...memory.values()].flatMap((own) => (own.has(name) ? [own.get(name) as Json] : [])),
      });
    // what the journal of the killed process says, and what it did
    memory
      .get('a')
      ?.set('previous', null)
      .set('folders', [join(rig.dir, 'new'), join(rig.dir, 'new/folder')]);
    await mkdir(join(rig.dir, 'new/folder'), {recursive: true});

    for (const step of ['b', 'a']) await write.run(given({path: `new/folder/${step}`, content: step}), context(step));
    for (const step of ['a', 'b'])
      await write.undo?.(given({path: `new/folder/${step}`, content: step}), context(step));

    assert.equal(await readdir(rig.dir), []);
  }),
);

test(
  'undo says that a file stays which was so before',
  stepTest(async (rig) => {
    const options = given({path: 'x', content: 'one'});
    await writeFile(join(rig.dir, 'x'), 'one', {mode: 0o644});
    await write.run(options, rig.context());

    assert.equal(await write.undo?.(options, rig.context()), {stays: `${join(rig.dir, 'x')} stays: it was so before`});
  }),
);

test(
  'undo keeps a folder that others use by now',
  stepTest(async (rig) => {
    const options = given({path: 'a/x', content: 'one'});
    await write.run(options, rig.context());
    await writeFile(join(rig.dir, 'a/theirs'), '');

    await write.undo?.(options, rig.context());

    assert.equal(await readdir(join(rig.dir, 'a')), ['theirs']);
  }),
);

test(
  'undo puts back what was there, byte by byte, also after a second attempt',
  stepTest(async (rig) => {
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    const path = join(rig.dir, 'x');
    await writeFile(path, bytes);
    await chmod(path, 0o640);
    const options = given({path: 'x', content: 'one'});

    await write.run(options, rig.context());
    await write.run(options, rig.context({attempt: 2}));
    await write.undo?.(options, rig.context());

    assert.ok((await readFile(path)).equals(bytes));
    assert.is(await modeOf(path), '640');
  }),
);

test(
  'undo puts nothing back that the journal had to mask',
  stepTest(async (rig) => {
    await writeFile(join(rig.dir, 'x'), 'token s3cretvalue');
    const journal = new Map<string, string>();
    const remember: StepContext['remember'] = async (name, make) => {
      const made = journal.get(name) ?? JSON.stringify(await make()).replace(/(?<="base64":"\w{8})\w{8}/, '***');
      journal.set(name, made);
      return JSON.parse(made);
    };
    const options = given({path: 'x', content: 'new'});
    await write.run(options, rig.context({remember}));

    const error = await write.undo?.(options, rig.context({remember})).catch((e) => e);

    assert.instance(error, PermanentError);
    assert.match(error.message, 'contained a secret');
    assert.is(await readFile(join(rig.dir, 'x'), 'utf8'), 'new');
  }),
);

test(
  'undo of what a person typed removes it, of what never happened nothing',
  stepTest(async (rig) => {
    const remember = async <T>(_: string, make: () => Promise<T>) => make();
    const options = given({path: 'x', content: 'one'});
    await rig.sh(write.command(options, rig.context()));
    await writeFile(join(rig.dir, 'y'), 'theirs');

    await write.undo?.(options, rig.context({remember}));
    await write.undo?.({...options, path: 'y'}, rig.context({remember}));

    assert.equal(await readdir(rig.dir), ['y']);
    assert.is(await readFile(join(rig.dir, 'y'), 'utf8'), 'theirs');
  }),
);

test(
  'a link stays a link',
  stepTest(async (rig) => {
    await writeFile(join(rig.dir, 'real'), 'old');
    await symlink('real', join(rig.dir, 'link'));

    await write.run(given({path: 'link', content: 'new'}), rig.context());

    assert.is(await readlink(join(rig.dir, 'link')), 'real');
    assert.is(await readFile(join(rig.dir, 'real'), 'utf8'), 'new');
  }),
);

test(
  'a folder, a file in the way and a file too large for undo are refused in words',
  stepTest(async (rig) => {
    await mkdir(join(rig.dir, 'folder'));
    await writeFile(join(rig.dir, 'file'), '');
    await writeFile(join(rig.dir, 'large'), 'x'.repeat(1024 * 1024 + 1));
    const remember = async <T>(_: string, make: () => Promise<T>) => make();
    const failureOf = (path: string) =>
      write.run(given({path, content: ''}), rig.context({remember})).catch((error) => error);

    const folder = await failureOf('folder');
    const inTheWay = await failureOf('file/x');
    const large = await failureOf('large');

    assert.instance(folder, PermanentError);
    assert.match(folder.message, 'is not a file');
    assert.match(inTheWay.message, 'a part of the path is a file');
    assert.is(inTheWay.details.code, 'file-failed');
    assert.match(large.message, 'more than undo can put back');
    assert.is((await stat(join(rig.dir, 'large'))).size, 1024 * 1024 + 1);
  }),
);

test(
  'a failed write leaves nothing behind',
  stepTest(async (rig) => {
    if (process.getuid?.() !== 0) return; // the immutable full device of Linux, mounted small
    const mounted = await rig.sh('mkdir small && mount -t tmpfs -o size=64k none small');
    if (mounted.code !== 0) return;
    rig.cleanup(() => rig.sh('umount small'));

    const error = await write
      .run(given({path: 'small/x', content: 'x'.repeat(500_000)}), rig.context())
      .catch((e) => e);

    assert.instance(error, StepError);
    assert.match(error.message, 'the disk is full');
    assert.equal(await readdir(join(rig.dir, 'small')), []);
  }),
);

test(
  'the command is readable',
  stepTest(async (rig) => {
    const line = (options: v.InferInput<typeof write.options>, cwd = rig.dir) =>
      write.command(given(options), rig.context({cwd}));

    assert.is(line({path: 'a/x', content: 'one'}), 'mkdir -p a && printf %s one > a/x && chmod 0644 a/x');
    assert.is(line({path: '-x', content: variable('TOKEN')}), 'printf %s "$TOKEN" > ./-x && chmod 0644 ./-x');
    assert.match(line({path: 'x', content: ''}, '/'), `> ${rig.dir.slice(1)}/x`);
    assert.match(line({path: 'x', content: ''}, '/usr'), `> ${rig.dir}/x`);
  }),
);

test(
  'any content, also with NUL, is written exactly by the command, and its check agrees',
  stepTest(async (rig) => {
    const texts = fc.oneof(
      fc.string({unit: 'binary'}),
      fc.constantFrom('-n', '%s\\n', 'a\0%d\\0b', '\n\n', "it's", 'a  b'),
    );

    await fc.assert(
      fc.asyncProperty(texts, async (content) => {
        const options = given({path: 'deep/er/x', content});
        await rig.proveCommand(write, options);
        const check = write.shell?.check?.(options, rig.context()) ?? '';
        assert.is((await rig.sh(check)).code, 0, check);
        const other = write.shell?.check?.({...options, content: `${content}.`}, rig.context()) ?? '';
        assert.is.not((await rig.sh(other)).code, 0, other);
      }),
      {numRuns: 50},
    );
  }),
);

test(
  'the check in shell sees another mode',
  stepTest(async (rig) => {
    const options = given({path: 'x', content: 'a', mode: '0600'});
    await rig.proveCommand(write, options);

    await chmod(join(rig.dir, 'x'), 0o644);

    assert.is.not((await rig.sh(write.shell?.check?.(options, rig.context()) ?? '')).code, 0);
  }),
);

test.run();
