/** The plugin beside the real policy, approvals and operator's listener, with a fake Discord; stopped after each test. */
import { testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import { afterEach } from 'vitest';
import { discord } from '../src/index.ts';
import { startFakeDiscord, type FakeDiscord } from './fake-discord.ts';

export const [ada, ben, eve] = ['100000000000000001', '100000000000000002', '100000000000000666'] as const;
const apiSecret = 'operator-secret-of-the-test-0001';

export interface Running {
  readonly fake: FakeDiscord;
  readonly helio: PluginTest;
  tickets(): Promise<any[]>;
  /** The only ticket. */
  ticket(): Promise<any>;
  breakGlass(): Promise<void>;
}

let running: Running | undefined;
afterEach(async () => {
  await running?.helio.stop();
  await running?.fake.stop();
  running = undefined;
});

export const entryOf = (
  fake: FakeDiscord,
  name = 'team',
  approvers = `['${ada}', { id: '${ben}', name: ben }]`,
): string =>
  `{ type: discord, name: ${name}, bot_token: '${fake.token}', public_key: '${fake.publicKey}', channel: '${fake.channel}', api_url: '${fake.url}', approvers: ${approvers} }`;

export async function start(
  terms: { readonly rule?: string; readonly beside?: (fake: FakeDiscord) => readonly string[] } = {},
): Promise<Running> {
  const fake = await startFakeDiscord();
  const helio = await testPlugin(discord, {
    with: ['identity', 'policy', 'operator', 'approvals', 'approvals-dashboard'],
    nowMs: Date.now(),
    yaml: `dashboard: { port: 0, api_secret: '${apiSecret}' }
approval: { wait: '10s', channel: team, channels: [${[entryOf(fake), ...(terms.beside?.(fake) ?? [])].join(', ')}] }
policies: { default: allow, rules: [{ name: held, match: { tool: 'pay*' }, action: require_approval, approval: { ${terms.rule ?? ''} } }] }`,
  });
  const api = async (method: string, path: string, body?: object): Promise<any> => {
    const json = body && { body: JSON.stringify(body) };
    const headers = { authorization: `Bearer ${apiSecret}`, ...(body && { 'content-type': 'application/json' }) };
    return (await fetch(`${helio.url('dashboard')}${path}`, { method, headers, ...json })).json();
  };
  const tickets = async () => (await api('GET', '/api/approvals?status=all')).tickets as any[];
  running = {
    fake,
    helio,
    tickets,
    ticket: async () => (await tickets())[0],
    async breakGlass() {
      for (const { id, state } of await tickets())
        if (state === 'pending') await api('POST', `/api/approvals/${id}/break-glass`, { reason: 'the test is over' });
    },
  };
  fake.useEndpoint(`${helio.url('dashboard')}/hooks/discord/interactions`);
  return running;
}

export async function until<T>(look: () => T | undefined | false): Promise<T> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
