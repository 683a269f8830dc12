/** Proves an approval channel beside the real approvals: it shows, it answers, it fails as it should. Runs under vitest. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Awaitable, JsonObject, PluginDefinition } from '../plugin.ts';
import { testPlugin, type PluginTest } from './test-plugin.ts';

/** A channel plugin with a fake of the other side (a fake Slack, a fake pager). */
export interface ChannelUnderTest {
  readonly plugin: PluginDefinition<any, any, any, any, any, any>;
  /** Its entry in `approval.channels`, with `type`. Secrets as they are. */
  readonly entry: JsonObject;
  /** Told where the operator's listener is, for fakes that call back. */
  ready?(operatorUrl: string): void;
  /** What people can read there now, one text per message. */
  shown(): readonly string[];
  /** Answers the newest message as an entitled person would; `note` where the channel takes one. Left out: it only tells. */
  answer?(decision: 'approve' | 'deny', note?: string): Awaitable<void>;
  /** From now on the other side takes nothing. */
  fails(): void;
  /** Texts that may stand in no log line and no record. */
  readonly secrets: readonly string[];
  close(): Awaitable<void>;
}

const apiSecret = 'contract-operator-secret-0000000001';
const hostile = '\u202etxt.exe\u202c \u200b<!channel> <b>bold</b> ```';

/**
 * Declares the suite. `make` starts the fake other side and names the plugin.
 *
 *     approvalChannelContract(async () => ({ plugin: discord, entry: { type: 'discord', url }, ... }));
 */
export function approvalChannelContract(make: () => Awaitable<ChannelUnderTest>): void {
  describe('approval channel contract', () => {
    let channel: ChannelUnderTest;
    let helio: PluginTest;

    beforeEach(async () => {
      channel = await make();
      helio = await testPlugin(channel.plugin, {
        with: ['identity', 'policy', 'operator', 'approvals', 'approvals-dashboard'],
        nowMs: Date.now(),
        yaml: `dashboard: { port: 0, api_secret: '${apiSecret}' }
approval: ${JSON.stringify({ wait: '10s', channel: 'under-test', channels: [{ ...channel.entry, name: 'under-test' }] })}
policies: { default: deny, rules: [{ match: { tool: '*' }, action: require_approval }] }`,
      });
      channel.ready?.(helio.url('dashboard') ?? '');
    });
    afterEach(async () => {
      await helio?.stop();
      await channel?.close();
    });

    async function tickets(): Promise<any[]> {
      const answer = await fetch(`${helio.url('dashboard')}/api/approvals?status=all`, {
        headers: { authorization: `Bearer ${apiSecret}` },
      });
      return ((await answer.json()) as { tickets: any[] }).tickets;
    }
    async function breakGlass(): Promise<void> {
      for (const { id } of (await tickets()).filter(({ state }) => state === 'pending'))
        await fetch(`${helio.url('dashboard')}/api/approvals/${id}/break-glass`, {
          method: 'POST',
          headers: { authorization: `Bearer ${apiSecret}`, 'content-type': 'application/json' },
          body: '{"reason":"the test is over"}',
        });
    }
    const shown = () => until(() => (channel.shown().length > 0 ? channel.shown().at(-1)! : undefined));

    test('shows the tool, the arguments with their exact numbers, and the reference', async () => {
      const call = helio.call({ name: 'create_payment', argumentsText: '{"amount":10.50,"to":"ACME"}' });
      const message = await shown();
      const [ticket] = await tickets();
      for (const part of ['create_payment', '10.50', 'ACME', ticket.id]) expect(message).toContain(part);
      await breakGlass();
      expect((await call).outcome).toBe('forwarded');
    });

    test('shows no character that hides or reorders others', async () => {
      const call = helio.call({ name: 'pay', arguments: { note: hostile } });
      expect(await shown()).not.toMatch(/[\u202e\u202c\u200b]txt|[\u202a-\u202e\u2066-\u2069]/u);
      await breakGlass();
      await call;
    });

    test('hands in a yes: the call runs once', async () => {
      if (channel.answer === undefined) return;
      const call = helio.call('pay');
      await shown();
      await channel.answer('approve');
      expect((await call).outcome).toBe('forwarded');
      expect(helio.upstream.received).toHaveLength(1);
      expect((await tickets())[0]).toMatchObject({ state: 'approved', votes: [{ channel: 'under-test' }] });
    });

    test('hands in a no: the call is refused, nothing reaches the upstream', async () => {
      if (channel.answer === undefined) return;
      const call = helio.call('pay');
      await shown();
      await channel.answer('deny', 'not today');
      expect((await call).code).toBe('approval_denied');
      expect(helio.upstream.received).toHaveLength(0);
    });

    test('a delivery that fails is told, and the ticket lives on', async () => {
      channel.fails();
      const call = helio.call('pay');
      const failed = await until(
        () => helio.records.find(({ kind }) => kind === 'approval_notification_failed'),
        40_000,
      );
      expect(failed.data).toMatchObject({ channel: 'under-test', reason: expect.any(String) });
      const [ticket] = await tickets();
      expect(ticket).toMatchObject({ state: 'pending', deliveries: { 'under-test': { state: 'failed' } } });
      await breakGlass();
      expect((await call).outcome).toBe('forwarded');
    }, 60_000);

    test('lets none of its secrets into logs, records or tickets', async () => {
      channel.fails();
      const call = helio.call('pay');
      await until(() => helio.records.find(({ kind }) => kind === 'approval_notification_failed'), 40_000);
      const seen = JSON.stringify([helio.logs, helio.records.map(({ data, error }) => [data, error]), await tickets()]);
      for (const secret of channel.secrets) expect(seen).not.toContain(secret);
      await breakGlass();
      await call;
    }, 60_000);
  });
}

async function until<T>(look: () => T | undefined, forMs = 10_000): Promise<T> {
  const endMs = performance.now() + forMs;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
