/**
 * `npm run screenshots`: pictures of every page in both themes, made from the built Helio in front of the demo upstream
 * with a day of believable calls, into docs/images/. Needs `npm run build` and a chromium (CHROMIUM names another one).
 *
 *   node scripts/screenshots.mjs [--out FOLDER] [--only PAGE,PAGE] [--format webp|png]
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { demoConfig, demoDay, demoSecret, demoWaiting } from './demo-day.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const browserPath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const { values } = parseArgs({
  options: { out: { type: 'string' }, only: { type: 'string' }, format: { type: 'string', default: 'webp' } },
});
const out = values.out ?? join(root, 'docs/images');

const wide = { width: 1280, height: 800 };
const narrow = { width: 360, height: 760 };
/** Name, path, and what is done before the picture. */
const pictures = [
  ['overview', '/'],
  ['live', '/live'],
  ['approvals', '/approvals', openFirstTicket],
  ['audit', '/audit'],
  ['call', '/audit?q=outcome:denied', openFirstCall],
  ['limits', '/limits'],
  ['policies', '/policies'],
  [
    'explain',
    '/policies?tool=create_payment&args=%7B%22amount%22%3A2400%2C%22currency%22%3A%22GBP%22%2C%22recipient%22%3A%22Ada%20Okafor%22%7D',
    explain,
  ],
  ['tools', '/tools'],
  ['sessions', '/sessions'],
  ['session', '/sessions', openFirstSession],
  ['plugins', '/plugins'],
  ['connect', '/connect'],
  ['settings', '/settings'],
];
const narrowPictures = ['overview', 'live', 'approvals', 'audit', 'limits'];

if (!existsSync(join(root, 'dist/kernel/proxy.js'))) throw new Error('Helio is not built: run "npm run build" first');
if (!existsSync(browserPath))
  throw new Error(`there is no chromium at ${browserPath}: install it, or name one with CHROMIUM`);

const home = await mkdtemp(join(tmpdir(), 'helio-pictures-'));
const stops = [];
try {
  const { startDemoUpstream } = await import(join(root, 'dist/examples/demo-upstream/http.js'));
  const { startProxy } = await import(join(root, 'dist/kernel/proxy.js'));
  const upstream = await startDemoUpstream({ port: 0 });
  stops.push(() => upstream.close?.() ?? upstream.stop());
  await writeFile(join(home, 'helio.yaml'), demoConfig(upstream.url));
  // The clock begins a day ago and is led up to now by the traffic, so that hours and windows hold what they would. This
  // process is Helio, and nothing here waits by the clock: moving it moves every time that is recorded.
  let behindMs = 24 * 3_600_000;
  const realNow = Date.now;
  Date.now = () => realNow() - behindMs;
  const quiet = {
    debug() {},
    info() {},
    warn: (...said) => console.error(...said),
    error: (...said) => console.error(...said),
  };
  const proxy = await startProxy({
    configPath: join(home, 'helio.yaml'),
    env: { HELIO_DASHBOARD_SECRET: demoSecret },
    log: quiet,
    doors: 'http',
    hotReload: false,
  });
  stops.push(() => proxy.stop());
  await demoDay(proxy.doors.url(), (nextBehindMs) => (behindMs = nextBehindMs));
  behindMs = 0;
  const waiting = await demoWaiting(proxy.doors.url());
  stops.push(() => waiting.stop());
  await draw(proxy.listeners.url('dashboard'));
} finally {
  for (const stop of stops.reverse()) await stop();
  await rm(home, { recursive: true, force: true });
}

async function draw(url) {
  await mkdir(out, { recursive: true });
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  const browser = await chromium.launch({ executablePath: browserPath, args: flags });
  try {
    for (const theme of ['light', 'dark']) {
      for (const viewport of [wide, narrow]) {
        const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: 'reduce' });
        const page = await context.newPage();
        page.on(
          'console',
          (message) =>
            ['error', 'warning'].includes(message.type()) && console.error(`${message.type()}: ${message.text()}`),
        );
        page.on('pageerror', (error) => console.error(`page error: ${error.message}`));
        await page.goto(`${url}/login`);
        if (viewport === wide && wanted('login')) await picture(page, `login-${theme}`);
        await page.getByLabel('Secret').fill(demoSecret);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('heading', { name: 'Overview' }).waitFor();
        for (const [name, path, before] of pictures) {
          if (!wanted(name) || (viewport === narrow && !narrowPictures.includes(name))) continue;
          await page.goto(url + path);
          await page.locator('main h1').first().waitFor();
          await settled(page);
          if (before !== undefined) await before(page);
          await settled(page);
          await picture(page, `${name}-${theme}${viewport === narrow ? '-narrow' : ''}`);
        }
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
}

/** WebP is a third of the same PNG; only the debugger's own protocol makes it. */
async function picture(page, name) {
  const debug = await page.context().newCDPSession(page);
  const { data } = await debug.send('Page.captureScreenshot', {
    format: values.format,
    ...(values.format === 'webp' && { quality: 82 }),
  });
  await debug.detach();
  await writeFile(join(out, `${name}.${values.format}`), Buffer.from(data, 'base64'));
}

function wanted(name) {
  return values.only === undefined || values.only.split(',').includes(name);
}
/** Nothing on the page says "Reading…" any more. */
async function settled(page) {
  await page.waitForFunction(() => {
    const busy = (root) =>
      [...root.querySelectorAll('*')].some(
        (node) => node.getAttribute('aria-busy') === 'true' || (node.shadowRoot !== null && busy(node.shadowRoot)),
      );
    return !busy(document);
  });
  await page.waitForTimeout(250);
}
async function openFirstCall(page) {
  await page.locator('helio-calls tbody tr').first().click();
  await page.getByRole('dialog').waitFor();
}
async function openFirstTicket(page) {
  await page.locator('.entry').first().click();
  await page.getByRole('article').getByRole('heading').first().waitFor();
}
async function openFirstSession(page) {
  await page.locator('tbody tr').first().click();
  await page.getByRole('heading', { name: /^Session / }).waitFor();
}
async function explain(page) {
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await page.getByText('It would be').waitFor();
  await page.locator('section[aria-labelledby=ask]').evaluate((section) => section.scrollIntoView());
  await page.evaluate(() => scrollBy(0, -64));
}
