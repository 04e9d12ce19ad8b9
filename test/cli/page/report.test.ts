import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {type Browser, chromium, type Page} from 'playwright-core';
import {suite} from 'uvu';
import * as assert from 'uvu/assert';
import {cliTest} from '../../cli-rig.ts';
import {mayRun} from '../../tools.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const test = suite('report');
const inBrowser = mayRun(existsSync(CHROMIUM), 'tests of pages in a real browser (chromium is not installed)')
  ? test
  : test.skip;

const RUNBOOK = `name: shop
title: "A shop <b>& \`more\`</b>"
about: |
  ## Why

  A **shop**, and <script>document.title = 'bad'</script> a [link](javascript:alert(1)).
inputs:
  password: {type: string, secret: true}
steps:
  - id: page
    title: Write the page
    about: Into \`out/page\`.
    uses: file.write
    with: {path: out/page, content: "hello\\n"}
  - id: part
    title: Write a part
    foreach: [a, "b/c"]
    needs: [page]
    run: "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do echo line $i of \${{ item.key }}; done"
  - id: look
    title: Look at it
    run: cat out/page
    effect: reads
    expect: result.stdout == "hello\\n"
  - id: pay
    title: Pay
    run: echo "the password is \${{ inputs.password }}"; exit 3
  - id: never
    title: Never begun
    run: "true"
`;

const LIMIT_MS = 120_000;

/** Runs the runbook, which fails at its fourth step, and opens the page of that. */
const opened = (body: (page: Page, text: string) => Promise<void>): (() => Promise<void>) =>
  cliTest(async (rig) => {
    await rig.write({'shop.yaml': RUNBOOK});
    const env = {RUNBOOK_INPUT_PASSWORD: 'geheim-1234'};
    const run = await rig.runbook(['run', './shop.yaml'], {env});
    assert.is(run.code, 1, run.stderr);
    const made = await rig.runbook(['report', '-o', 'shop.html'], {env});
    assert.is(made.code, 0, made.stderr);
    assert.is(made.stdout, 'shop.html\n');

    let browser: Browser | undefined;
    try {
      browser = await chromium.launch({executablePath: CHROMIUM, args: FLAGS});
      const context = await browser.newContext({viewport: {width: 390, height: 800}});
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      page.on('pageerror', (error) => faults.push(String(error)));
      page.on('request', (request) => request.url().startsWith('file:') || faults.push(`asked for ${request.url()}`));
      await page.goto(`file://${join(rig.dir, 'shop.html')}`);
      await body(page, await rig.read('shop.html'));
      assert.equal(faults, []);
    } finally {
      await browser?.close();
    }
  }, LIMIT_MS);

inBrowser(
  'tells of a failed run with the failure first, and of no secret',
  opened(async (page, text) => {
    assert.not.ok(text.includes('geheim'));
    assert.match(text, '</code> · file.write · ', 'letters beyond ASCII arrive as they are');
    assert.is(await page.title(), 'A shop <b>& more</b>');
    const main = (await page.locator('main').innerText()).replace(/\s+/g, ' ');
    assert.ok(main.indexOf('Pay failed') < main.indexOf('How the steps depend'), main);
    assert.match(main, 'exited with code 3');
    assert.is(
      await page.locator('.step').count(),
      6,
      'an item of foreach is a step, and one that was never begun is shown',
    );
    assert.is(await page.locator('svg.diagram a').count(), 5, 'the items are one box');
    assert.is(await page.locator('.bar-row').count(), 5);
    assert.is(await page.locator('a[href^="javascript:"]').count(), 0);
  }),
);

inBrowser(
  'copies, folds, turns dark, and goes from step to step by keys',
  opened(async (page) => {
    await page.locator('.copy').first().click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), "printf '%s\\n' hello");
    const outputs = page.locator('details.output');
    const openCount = (): Promise<number> => page.locator('details.output[open]').count();
    assert.is(await outputs.count(), 4);
    assert.is(await openCount(), 2, 'long output is folded');
    await page.locator('#fold').click();
    assert.is(await openCount(), 4);
    await page.keyboard.press('o');
    assert.is(await openCount(), 0);

    const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.locator('#theme').click();
    const dark = await background();
    assert.is.not(dark, light);
    await page.reload();
    assert.is(await background(), dark, 'the theme is remembered');

    await page.keyboard.press('j');
    await page.keyboard.press('j');
    assert.match((await page.locator('.step.current').getAttribute('id')) ?? '', 'step-part-a');
    await page.keyboard.press('k');
    assert.is(await page.locator('.step.current').getAttribute('id'), 'step-page');
    await page.keyboard.press('?');
    assert.ok(await page.locator('#help').isVisible());
  }),
);

inBrowser(
  'has nothing that bars people, is no wider than a phone, and prints all output',
  opened(async (page) => {
    for (const theme of ['light', 'dark']) {
      await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
      // the page itself lets nothing run that it did not bring
      const found = (await page.evaluate(
        `(async () => { ${axe}; return (await axe.run()).violations.map((v) => v.impact + ' ' + v.id + ' ' + v.nodes.map((n) => n.target).join(' ')); })()`,
      )) as string[];
      assert.equal(
        found.filter((line) => /^(serious|critical)/.test(line)),
        [],
        theme,
      );
    }
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    const [box, node] = await Promise.all(
      [page.locator('.scroller'), page.locator('.node rect').first()].map((part) => part.boundingBox()),
    );
    assert.ok(
      box && node && node.x >= box.x && node.x + node.width <= box.x + box.width,
      'the diagram begins at its first step',
    );
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    assert.is(await page.locator('details.output:not([open])').count(), 0);
  }),
);

test(
  'goes to the standard output when asked, and is data with --json',
  cliTest(async (rig) => {
    await rig.write({'shop.yaml': RUNBOOK});
    const env = {RUNBOOK_INPUT_PASSWORD: 'geheim-1234'};
    await rig.runbook(['run', './shop.yaml'], {env});
    const page = await rig.runbook(['report', '-o', '-']);
    assert.match(page.stdout, /^<!doctype html>/);
    const data = JSON.parse((await rig.runbook(['report', '--json'])).stdout);
    assert.is(data.state, 'failed');
    assert.is(data.steps.length, 6);
    assert.is(data.steps.at(-1).ending, undefined);

    await rig.write({'shop.yaml': 'name: shop\n'});
    const without = await rig.runbook(['report', '-o', '-']);
    assert.is(without.code, 0, without.stderr);
    assert.match(without.stdout, 'its prose is missing');
    const nowhere = await rig.runbook(['report', '-o', 'no/such/folder.html']);
    assert.is(nowhere.code, 1);
    assert.match(nowhere.stderr, '[file-failed]');
  }),
);

test.run();
