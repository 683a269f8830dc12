/** The Discord channel as installed from npm, on the built product: a real held call, answered by a click. */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest';
import { startFakeDiscord, type FakeDiscord } from '../../examples/plugin-discord/test/fake-discord.ts';
import { startHelio, type Helio } from '../fixtures/helio.ts';
import { connect, type OfficialClient } from '../fixtures/official-clients.ts';
import { installExample, type Installed } from '../fixtures/published-plugin.ts';
import { startRecordingUpstream, type RecordingUpstream } from '../fixtures/recording-upstream.ts';

const [ada, eve] = ['100000000000000001', '100000000000000666'];
const secret = 'e2e-operator-secret-that-is-long-enough';
const hook = '/hooks/discord/interactions';

let installed: Installed;
beforeAll(async () => void (installed = await installExample('plugin-discord')));
afterAll(() => installed?.remove());

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Scene {
  readonly helio: Helio;
  readonly discord: FakeDiscord;
  readonly upstream: RecordingUpstream;
  readonly agent: OfficialClient;
  readonly env: Readonly<Record<string, string>>;
}

const yamlFor = (upstream: string, discord: FakeDiscord): string => `version: '1'
upstream: { url: '${upstream}' }
listen: { port: 0 }
plugins: [policy, identity, feedback, audit, approvals, approvals-dashboard, dashboard, helio-plugin-discord]
dashboard: { port: 0, api_secret: '${secret}' }
approval:
  channel: team
  channels:
    - type: discord
      name: team
      bot_token: '\${DISCORD_BOT_TOKEN}'
      public_key: '${discord.publicKey}'
      channel: '${discord.channel}'
      approvers: ['${ada}']
      api_url: '${discord.url}'
policies:
  default: allow
  rules:
    - match: { tool: create_payment }
      action: require_approval
`;

async function scene(): Promise<Scene> {
  const upstream = await startRecordingUpstream();
  stops.push(() => upstream.stop());
  const discord = await startFakeDiscord();
  stops.push(() => discord.stop());
  const env = { DISCORD_BOT_TOKEN: discord.token };
  const helio = await startHelio(yamlFor(upstream.url, discord), { folder: await installed.place(), env });
  stops.push(() => helio.stop());
  // The Developer Portal saves the address only when Helio answers its PING and refuses its forgery.
  await discord.setEndpoint(helio.dashboard + hook);
  const agent = await connect('v1', { url: helio.mcp });
  stops.push(() => agent.close().catch(() => undefined));
  return { helio, discord, upstream, agent, env };
}

async function posted(discord: FakeDiscord, count = 1): Promise<string> {
  await expect.poll(() => discord.messages.length, { timeout: 15_000 }).toBe(count);
  return JSON.stringify(discord.messages.at(-1));
}
const paid = ({ upstream }: Scene): number =>
  upstream.calls().filter(({ message }) => message.params.name === 'create_payment').length;
const textOf = (result: any): string => result.content[0].text;
async function auditOf({ helio }: Scene): Promise<string> {
  const headers = { authorization: `Bearer ${secret}` };
  return (await fetch(`${helio.dashboard}/api/audit/export?format=ndjson`, { headers })).text();
}

describe('a payment that a rule holds', () => {
  test('runs when an approver presses Approve in Discord, and the agent gets its answer', async () => {
    const all = await scene();
    const { discord, agent } = all;
    const call = agent.call('create_payment', { amount: 1250.5, to: 'ACME' });
    const message = await posted(discord);
    for (const part of ['create_payment', '1250.5', 'ACME']) expect(message).toContain(part);
    expect(paid(all)).toBe(0);

    expect(await discord.press('approve', ada!)).toEqual({ status: 200, body: { type: 6 } });
    const result = await call;
    expect(result.isError ?? false).toBe(false);
    expect(paid(all)).toBe(1);
    await expect.poll(() => discord.messages[0]!.components).toEqual([]);
    expect(discord.messages[0]!.content).toContain(`approved by \`${ada}\``);
    expect(await auditOf(all)).toContain(`"${ada}"`);
  });

  test('is refused when an approver denies it, and the agent reads why', async () => {
    const all = await scene();
    const { discord, agent } = all;
    const call = agent.call('create_payment', { amount: 9000, to: 'ACME' });
    await posted(discord);
    await discord.press('deny', ada!);
    await discord.submit(discord.modals[0]!, ada!, 'over the budget of this quarter');
    const result = await call;
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('approval_denied');
    expect(textOf(result)).toContain('over the budget of this quarter');
    expect(paid(all)).toBe(0);
    await expect.poll(() => discord.messages[0]!.content).toContain('`over the budget of this quarter`');
  });

  test('waits on while others click and forge, and none of them is believed', async () => {
    const all = await scene();
    const { discord, agent, helio } = all;
    const call = agent.call('create_payment', { amount: 5, to: 'EVE' });
    await posted(discord);

    await discord.press('approve', eve!);
    expect(discord.told).toMatchObject([{ user: eve, text: expect.stringContaining('not one of the approvers') }]);
    const foreign = generateKeyPairSync('ed25519').privateKey;
    const forged = await discord.press('approve', ada!, (_headers, body) => discord.signed(body, undefined, foreign));
    expect(forged).toMatchObject({ status: 401, body: { error: { code: 'HELIO_DISCORD_SIGNATURE' } } });
    const old = String(Math.floor(Date.now() / 1000) - 600);
    expect((await discord.press('approve', ada!, (_headers, body) => discord.signed(body, old))).status).toBe(401);
    // Not on the agent's own port either, however well it is signed.
    discord.useEndpoint(new URL(hook, helio.mcp).href);
    await discord.press('approve', ada!).catch(() => undefined);
    expect(paid(all)).toBe(0);
    const refused = (await auditOf(all)).match(/"approval_callback_refused"/g) ?? [];
    expect(refused.length).toBeGreaterThanOrEqual(3); // with the forgery of the Developer Portal

    discord.useEndpoint(helio.dashboard + hook);
    await discord.press('approve', ada!);
    expect((await call).isError ?? false).toBe(false);
    expect(paid(all)).toBe(1);
  });

  test('is approved by nobody while Discord is away, and no secret is told', async () => {
    const all = await scene();
    const { discord, agent, helio } = all;
    discord.answers(401, { message: '401: Unauthorized', code: 0 });
    const call = agent.call('create_payment', { amount: 5, to: 'ACME' });
    await expect.poll(() => helio.logs(), { timeout: 15_000 }).toContain('HELIO_DISCORD_UNAUTHORIZED');
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const { tickets } = (await (await fetch(`${helio.dashboard}/api/approvals`, { headers })).json()) as any;
    expect(tickets).toMatchObject([{ state: 'pending', deliveries: { team: { state: 'failed' } } }]);
    await fetch(`${helio.dashboard}/api/approvals/${tickets[0].id}/break-glass`, {
      method: 'POST',
      headers,
      body: '{"reason":"Discord is away"}',
    });
    expect((await call).isError ?? false).toBe(false);
    expect(helio.logs() + (await auditOf(all))).not.toContain(discord.token);
  });
});

test('helio plugins check passes, and says what the plugin reaches; helio doctor looks at Discord', async () => {
  const { helio, discord, env } = await scene();
  const check = await installed.helio(helio.folder, ['plugins', 'check'], env);
  expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('discord 0.1.0 (package)') });
  expect(check.stdout).toContain('discord.com');
  expect(check.stderr).not.toContain('advice');
  const doctor = await installed.helio(helio.folder, ['doctor'], env);
  expect(doctor.stdout + doctor.stderr).toContain('"team" posts to #approvals as Helio');
  expect(doctor.stdout + doctor.stderr + helio.logs()).not.toContain(discord.token);
});
