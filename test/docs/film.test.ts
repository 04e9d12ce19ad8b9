import {existsSync} from 'node:fs';
import {chromium} from 'playwright-core';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {framesOf} from '../../docs/film/frames.ts';
import {movingPicture} from '../../docs/film/svg.ts';
import {mayRun} from '../tools.ts';
import {readProject} from './blocks.ts';

const CHROMIUM = '/usr/bin/chromium';
const MOVING = 'docs/film/consul-cluster.svg';
const STILL = 'docs/film/consul-cluster-still.svg';
const SIZE = {columns: 20, rows: 2};

const test = suite("the README's film");
const inBrowser = mayRun(existsSync(CHROMIUM), 'tests of the film in a real browser (chromium is not installed)')
  ? test
  : test.skip;

/** All that is ever to be read in a picture, line by line. */
const textOf = (svg: string): string =>
  svg
    .replace(/<\/g>/g, '\n')
    .replace(/<style>[\s\S]*?<\/style>|<[^>]+>/g, '')
    .replaceAll('&lt;', '<');

for (const file of [MOVING, STILL])
  test(`${file} needs nothing from anywhere, and runs nothing`, () => {
    const svg = readProject(file);

    assert.not.match(svg, /<script|\son\w+=|@import|url\(|<foreignObject/i);
    for (const [, target = ''] of svg.matchAll(/href="([^"]*)"/g)) assert.ok(target.startsWith('#'), target);
    assert.equal(svg.match(/="https?:[^"]*"/g), ['="http://www.w3.org/2000/svg"']);
    assert.ok(svg.length < 500_000);
  });

test('shows a run that fails, what is lost, and how the resume decides, with the words of today', () => {
  const film = textOf(readProject(MOVING));
  const titles = [...readProject('runbooks/consul-cluster.yaml').matchAll(/^ {4}title: (.*)$/gm)].map(
    ([, title]) => title,
  );

  for (const words of ['runbook run consul-cluster', '[port-taken]', 'runbook resume', 'drifted', 'done', 'kept'])
    assert.ok(film.includes(words), words);
  for (const title of titles.slice(0, 12)) assert.ok(film.includes(title ?? ''), `no longer: ${title}; npm run film`);
  assert.match(textOf(readProject(STILL)), /drifted[\s\S]*what is done now/);
});

test('has a picture for each change, and one that stands for as long as it takes to read', async () => {
  const pieces = [
    {atMs: 0, text: '$ '},
    {atMs: 500, text: '\x1b[31mred\x1b[0m\r\n'},
    {atMs: 540, text: 'read this, and more'},
  ];

  const frames = await framesOf(pieces, SIZE, {text: 'read this', ms: 4000});

  assert.equal(
    frames.map(({ms, isHeld}) => [ms, isHeld]),
    [
      [500, false],
      [100, false],
      [4000, true],
      [100, false],
    ],
  );
  const red = frames[1]?.lines[0]?.find(({color}) => color === 'red');
  assert.equal([red?.column, red?.text], [2, 'red']);
});

inBrowser('moves, and stands still for those who want less motion', async () => {
  const frames = await framesOf(
    [
      {atMs: 0, text: 'a'},
      {atMs: 300, text: 'held'},
    ],
    SIZE,
    {text: 'held', ms: 900},
  );
  const small = movingPicture(frames, SIZE, {title: 'small', description: 'two pictures'});
  const browser = await chromium.launch({executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu']});
  try {
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    for (const svg of [small, readProject(MOVING)]) {
      await page.emulateMedia({reducedMotion: 'no-preference'});
      await page.setContent(svg);
      assert.is(await page.evaluate('document.getAnimations().length'), 1);
      await page.emulateMedia({reducedMotion: 'reduce'});
      assert.is(await page.evaluate('document.getAnimations().length'), 0);
      assert.match(await page.evaluate('getComputedStyle(document.querySelector(".film")).transform'), /^matrix.*-\d/);
    }
    assert.equal(
      asked.filter((url) => !url.startsWith('about:')),
      [],
    );
  } finally {
    await browser.close();
  }
});

test.run();
