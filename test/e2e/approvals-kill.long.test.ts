/** kill -9 between the yes and the dispatch, twenty rounds: never two dispatches, no grant lost without a trace. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { helioFolder, post, startHelio, toolCall, type Helio } from '../fixtures/helio.ts';
import { startRecordingUpstream } from '../fixtures/recording-upstream.ts';

const secret = 'kill-operator-secret-that-is-long-enough';
const rounds = 20;

async function api(helio: Helio, method: string, path: string, body?: unknown): Promise<any> {
  const answer = await fetch(`${helio.dashboard}${path}`, {
    method,
    headers: { authorization: `Bearer ${secret}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return answer.json();
}

test(`survives kill -9 at any moment after the yes, ${rounds} rounds`, async () => {
  const upstream = await startRecordingUpstream();
  const folder = await helioFolder();
  const yaml = `version: '1'
upstream: { url: '${upstream.url}' }
listen: { port: 0 }
sdk: { enabled: false }
dashboard: { port: 0, api_secret: '${secret}' }
approval: { wait: 20s, max_pending: 1000 }
policies: { default: allow, rules: [{ match: { tool: 'create_payment' }, action: require_approval }] }
`;
  const ends = { before: 0, inFlight: 0 };
  try {
    for (let round = 0; round < rounds; round++) {
      const amount = 1000 + round;
      const dispatched = () =>
        upstream.calls().filter(({ message }) => message.params.arguments.amount === amount).length;

      const helio = await startHelio(yaml, { folder: folder.path });
      const call = post(helio.mcp, toolCall('create_payment', { amount })).catch(() => undefined);
      let id: string | undefined;
      for (let i = 0; i < 400 && id === undefined; i++) {
        id = (await api(helio, 'GET', '/api/approvals')).tickets[0]?.id;
        if (id === undefined) await sleep(10);
      }
      expect(id).toBeDefined();
      // The yes is on its way, and somewhere in the next milliseconds the process dies.
      const approving = api(helio, 'POST', `/api/approvals/${id}/approve`, {}).catch(() => undefined);
      await sleep((round * 3) % 45);
      await helio.kill();
      await Promise.all([call, approving]);
      const sent = dispatched();
      expect(sent).toBeLessThanOrEqual(1);

      const after = await startHelio(yaml, { folder: folder.path });
      try {
        const ticket = await api(after, 'GET', `/api/approvals/${id}`);
        const { grants } = await api(after, 'GET', '/api/approvals/grants?limit=200');
        const grant = grants.find((each: any) => each.ticket === id);
        // A trace of every yes: it waits as a grant, or the ticket says which call used it.
        if (ticket.state === 'approved') expect(Boolean(grant) !== Boolean(ticket.usedBy)).toBe(true);
        else expect(ticket.state).toBe('pending');
        if (sent === 1) expect(ticket.usedBy).toBeDefined();
        if (grant) {
          ends.before++;
          const retry = await post(after.mcp, toolCall('create_payment', { amount }));
          expect(retry.json.result.isError ?? false).toBe(false);
          expect(dispatched()).toBe(1);
        } else if (ticket.usedBy) ends.inFlight++;
        if (ticket.state === 'pending') await api(after, 'POST', `/api/approvals/${id}/deny`, {});
      } finally {
        await after.stop();
      }
      expect(dispatched()).toBeLessThanOrEqual(1);
    }
    expect(ends.before + ends.inFlight).toBeGreaterThan(0);
  } finally {
    await upstream.stop();
    await folder.remove();
  }
});
