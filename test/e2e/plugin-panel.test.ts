/** examples/plugin-panel as it would be published: packed, installed beside helio.yaml, seen in a real browser. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { browserPath, hasBrowser, launchBrowser, logIn, openPage, settled } from '../fixtures/browser.ts';
import { helioFolder, post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';
import { cli } from '../../scripts/helio-process.mjs';

const root = join(import.meta.dirname, '../..');
const example = join(root, 'examples/plugin-panel');
const secret = 'a-secret-of-the-test';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const panelPath = '/panel/agent-spend/agent-spend-panel';

let folder: Awaited<ReturnType<typeof helioFolder>>;
let upstream: RecordingUpstream;
let helio: Helio;

/** What `npm install` of the tarball would leave: the packed files, and Helio and zod beside them. */
function install(into: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', into];
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { cwd: example, encoding: 'utf8' }));
  const installed = join(into, 'node_modules/helio-plugin-agent-spend');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(into, filename), '-C', installed, '--strip-components=1']);
  mkdirSync(join(into, 'node_modules/@gethelio'));
  symlinkSync(root, join(into, 'node_modules/@gethelio/proxy'));
  symlinkSync(join(root, 'node_modules/zod'), join(into, 'node_modules/zod'));
  return installed;
}

const pay = (agent: string, amount: unknown) =>
  post(helio.mcp, toolCall('create_payment', { amount }), { 'x-helio-agent': agent });

beforeAll(async () => {
  folder = await helioFolder();
  upstream = await startRecordingUpstream();
  install(folder.path);
  helio = await startHelio(
    `version: '1'
upstream: { url: '${upstream.url}' }
listen: { port: 0 }
identity: { agent: { header: x-helio-agent } }
policies: { default: allow }
dashboard: { port: 0, api_secret: '${secret}' }
plugins: [policy, identity, audit, feedback, dashboard, { use: helio-plugin-agent-spend, on_error: continue }]
`,
    { folder: folder.path },
  );
  await pay('billing-agent', 1234.5);
  await pay('billing-agent', 0.1);
  await pay('refund-bot', 99.95);
  await pay('<b>nobody</b>', 12);
  await pay('refund-bot', 'a lot');
});
afterAll(async () => {
  await helio?.stop();
  await upstream?.stop();
  await folder?.remove();
});

it('says in its README what its schema says', () => {
  const args = [cli, 'plugins', 'docs', 'agent-spend', '-c', join(folder.path, 'helio.yaml')];
  const table = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
  expect(table).toContain('| `tools`');
  expect(readFileSync(join(example, 'README.md'), 'utf8')).toContain(table);
});

it('uses the API as its types say, the panel too', { timeout: 180_000 }, () => {
  const config = {
    extends: join(example, 'tsconfig.json'),
    compilerOptions: {
      customConditions: ['helio-source'],
      allowImportingTsExtensions: true,
      typeRoots: [join(root, 'node_modules/@types')],
      paths: {
        '@gethelio/proxy/plugin': [join(root, 'kernel/plugin.ts')],
        '@gethelio/proxy/contracts/*': [join(root, 'plugins/*/contract.ts')],
      },
    },
    include: [join(example, 'src'), join(example, 'panel')],
  };
  writeFileSync(join(folder.path, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', folder.path, '--pretty', 'false'], { encoding: 'utf8' });
});

describe.skipIf(!hasBrowser)(`the panel in ${browserPath}`, () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser()));
  afterAll(() => browser?.close());

  it('shows who spent what, in a card and on its page, and follows the calls', async () => {
    const { page, complaints, close } = await openPage(browser);
    await logIn(page, helio.dashboard!, secret);
    const card = page.getByRole('region', { name: 'Spent today' });
    await card.getByText('1,346.55 GBP').waitFor();
    await card.getByText('1 payment has no amount that can be read.').waitFor();
    await pay('refund-bot', 0.45);
    await card.getByText('1,347.00 GBP').waitFor();

    await card.getByRole('link', { name: 'All agents' }).click();
    await page.getByRole('heading', { name: 'Agent spend', level: 1 }).waitFor();
    const row = page.getByRole('row', { name: /billing-agent/ });
    await row.getByText('1,234.60 GBP').waitFor();
    expect(await row.getByRole('meter').getAttribute('aria-label')).toBe('billing-agent: 92 % of today');
    await page.getByText('<b>nobody</b>').waitFor(); // text, never markup
    await row.getByRole('link', { name: 'billing-agent' }).click();
    await expect.poll(() => new URL(page.url()).search).toContain('agent%3A%22billing-agent%22');
    await page.getByText('create_payment').first().waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1440, 360]) {
      it(`has no violation in the ${colorScheme} theme at ${width} px`, { timeout: 60_000 }, async () => {
        const watched = await openPage(browser, { colorScheme, viewport: { width, height: 800 } });
        const { page } = watched;
        await logIn(page, helio.dashboard!, secret);
        const found: string[] = [];
        for (const [name, path] of [
          ['overview', '/'],
          ['page', panelPath],
        ] as const) {
          await page.goto(helio.dashboard + path);
          await page.getByRole('row', { name: /billing-agent/ }).waitFor();
          await settled(page);
          found.push(...(await violations(page, name)));
          const spill = await page.evaluate(() => {
            const { documentElement } = (globalThis as any).document;
            return documentElement.scrollWidth - documentElement.clientWidth;
          });
          if (spill > 0) found.push(`${name}: spills ${spill} px over the edge`);
          const pictures = process.env['PANEL_PICTURES'];
          if (pictures !== undefined)
            await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), fullPage: true });
        }
        expect(found).toEqual([]);
        expect(watched.complaints).toEqual([]);
        await watched.close();
      });
    }
  }

  it('puts its name and its error in its place when it throws, and the rest of the page lives on', async () => {
    const file = join(folder.path, 'node_modules/helio-plugin-agent-spend/panel/panel.js');
    const good = readFileSync(file, 'utf8');
    const bad = good.replace('draw(today) {', "draw(today) { throw new Error('the ledger is upside down');");
    expect(bad).not.toBe(good);
    writeFileSync(file, bad);
    const { page, close } = await openPage(browser);
    try {
      await logIn(page, helio.dashboard!, secret);
      const card = page.getByRole('region', { name: 'Spent today' });
      await card.getByText('The panel “Spent today” of the plugin agent-spend failed.').waitFor();
      await card.getByText('the ledger is upside down').waitFor();
      await page.getByRole('heading', { name: 'Upstreams' }).waitFor();
      await page.getByRole('link', { name: 'Agent spend', exact: true }).click();
      await page.getByText('The panel “Agent spend” of the plugin agent-spend failed.').waitFor();
      await page.getByRole('link', { name: 'Live', exact: true }).first().click();
      await page.getByRole('heading', { name: 'Live' }).waitFor();
    } finally {
      writeFileSync(file, good);
      await close();
    }
  });
});

/** Runs axe-core inside the page, with everything WCAG 2.2 AA and best practice. The CSP does not bind the debugger. */
async function violations(page: Page, name: string): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate(() => (globalThis as any).axe.run())) as {
    violations: { id: string; nodes: { target: unknown; failureSummary: string }[] }[];
  };
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${name}: ${id} at ${JSON.stringify(target)} ${failureSummary}`),
  );
}
