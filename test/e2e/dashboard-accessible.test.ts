/** Every page of the dashboard, in both themes, wide and at 360 px: axe-core finds nothing, nothing spills over the edge. */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { browserPath, hasBrowser, launchBrowser, logIn, openPage, settled } from '../fixtures/browser.ts';
import { post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';

const secret = 'a-secret-of-the-test';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const yaml = (upstream: string) => `version: '1'
upstream: { url: '${upstream}' }
listen: { port: 0 }
identity: { agent: { header: x-helio-agent } }
policies:
  default: allow
  rules:
    - name: payments
      match: { tool: create_payment }
      action: require_approval
      approval: { channel: dashboard, timeout: 300s, scopes: [once, session] }
    - { name: no-deletes, match: { tool: 'delete_*' }, action: deny }
    - { name: echo-rate, match: { tool: echo }, action: rate_limit, limits: { max_calls: 3, window: 1h, key: agent } }
budgets:
  - { name: refunds, limit: 100, currency: GBP, window: 24h, contributors: [{ tool: process_refund, field: '$.amount' }] }
dashboard: { port: 0, api_secret: '${secret}' }
plugins: [policy, identity, approvals, approvals-dashboard, rate-limits, budgets, evidence, dependencies, tool-pinning, audit, feedback, dashboard]
`;
const agent = { 'x-helio-agent': 'billing-agent', 'x-helio-session-id': 'run-18' };

describe.skipIf(!hasBrowser)(`accessibility in ${browserPath}`, () => {
  let upstream: RecordingUpstream;
  let helio: Helio;
  let browser: Browser;
  let deniedId = '';
  const held = new AbortController();

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    helio = await startHelio(yaml(upstream.url));
    browser = await launchBrowser();
    const call = (name: string, args: object) => post(helio.mcp, toolCall(name, args), agent);
    for (let i = 0; i < 5; i++) await call('echo', { text: `number ${i}`, nested: { deep: [1, 2, 3] } });
    await call('process_refund', { order_id: 'A-17', amount: 90 });
    const denied = await call('delete_account', { customer: 'C-1' });
    deniedId = /"decision_id":\s*"([0-9a-f-]+)"/.exec(JSON.stringify(denied.json).replaceAll('\\"', '"'))![1]!;
    void fetch(helio.mcp, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...agent },
      body: JSON.stringify(toolCall('create_payment', { amount: 2400, note: 'a long note '.repeat(30) })),
      signal: held.signal,
    }).catch(() => undefined);
  });
  afterAll(async () => {
    held.abort();
    await browser?.close();
    await helio?.stop();
    await upstream?.stop();
  });

  const pages = (): readonly (readonly [string, string])[] => [
    ['overview', '/'],
    ['live', '/live'],
    ['approvals', '/approvals'],
    ['audit', '/audit'],
    ['limits', '/limits?pot=budget:refunds:global'],
    ['policies', '/policies'],
    ['tools', '/tools?tool=default/echo'],
    ['sessions', '/sessions'],
    ['one session', '/sessions/run-18'],
    ['plugins', '/plugins?plugin=policy'],
    ['connect', '/connect'],
    ['settings', '/settings'],
    ['the drawer', `/audit?call=${deniedId}`],
    ['nothing found', '/audit?q=tool:nobody_has_this'],
    ['no such page', '/nowhere'],
  ];

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1440, 360]) {
      it(`has no violation on any page in the ${colorScheme} theme at ${width} px`, { timeout: 180_000 }, async () => {
        const watched = await openPage(browser, { colorScheme, viewport: { width, height: 800 }, bypassCSP: false });
        const { page } = watched;
        const found: string[] = [];
        await page.goto(`${helio.dashboard}/login`);
        await page.getByLabel('Secret').waitFor();
        found.push(...(await violations(page, 'login')));
        await logIn(page, helio.dashboard!, secret);
        for (const [name, path] of pages()) {
          await page.goto(helio.dashboard + path);
          await page.locator('main').getByRole('heading').first().waitFor();
          await settled(page);
          found.push(...(await violations(page, name)));
          const spill = await page.evaluate(() => {
            const { documentElement } = (globalThis as any).document;
            return documentElement.scrollWidth - documentElement.clientWidth;
          });
          if (spill > 0) found.push(`${name}: spills ${spill} px over the edge`);
        }
        expect(found).toEqual([]);
        expect(watched.complaints).toEqual([]);
        await watched.close();
      });
    }
  }

  it('has no violation in its dialogs', { timeout: 60_000 }, async () => {
    const watched = await openPage(browser);
    const { page } = watched;
    await logIn(page, helio.dashboard!, secret);
    const found: string[] = [];
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keys' }).waitFor();
    found.push(...(await violations(page, 'keys')));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Page, call or words' }).waitFor();
    found.push(...(await violations(page, 'palette')));
    await page.keyboard.press('Escape');
    await page.goto(`${helio.dashboard}/approvals`);
    await page.getByRole('button', { name: 'Break glass' }).click();
    found.push(...(await violations(page, 'break glass')));
    expect(found).toEqual([]);
    expect(watched.complaints).toEqual([]);
    await watched.close();
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
