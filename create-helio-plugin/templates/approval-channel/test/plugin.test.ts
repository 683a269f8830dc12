import { approvalChannelContract, testPlugin } from '@gethelio/proxy/testing';
import { expect, it } from 'vitest';
import { myPlugin } from '../src/index.ts';
import { startFakeService } from './fake-service.ts';

const secret = 'secret-that-the-service-shares';

// Shows the whole call, deceives nobody, hands in a yes and a no, survives a failed delivery, keeps its secrets.
approvalChannelContract(async () => {
  const service = await startFakeService(secret);
  return {
    plugin: myPlugin,
    entry: { type: 'my-plugin', url: service.url, secret, approvers: ['ada'] },
    ready: (operatorUrl) => service.answersTo(`${operatorUrl}/hooks/my-plugin/answer`),
    shown: () => service.messages.flatMap(({ text }) => text ?? []),
    answer: async (decision, note) => void (await service.press(decision, 'ada', note === undefined ? {} : { note })),
    fails: () => service.fails(),
    secrets: [secret],
    close: () => service.close(),
  };
});

it('refuses forged, old, repeated and unentitled answers', async () => {
  const service = await startFakeService(secret);
  const helio = await testPlugin(myPlugin, {
    with: ['identity', 'policy', 'operator', 'approvals'],
    nowMs: Date.now(),
    yaml: `dashboard: { port: 0, api_secret: 'operator-secret-of-the-test-0001' }
approval: { wait: '10s', channel: chat, channels: [{ name: chat, type: my-plugin, url: '${service.url}', secret: '${secret}', approvers: [ada] }] }
policies: { default: allow, rules: [{ match: { tool: pay }, action: require_approval }] }`,
  });
  service.answersTo(`${helio.url('dashboard')}/hooks/my-plugin/answer`);
  const call = helio.call('pay');
  await expect.poll(() => service.messages.length, { timeout: 10_000 }).toBe(1);

  expect((await service.press('approve', 'ada', { secret: 'guessed' })).status).toBe(401);
  expect((await service.press('approve', 'ada', { sentAtMs: Date.now() - 600_000 })).status).toBe(401);
  expect((await service.press('approve', 'eve')).status).toBe(409);
  expect(helio.upstream.received).toEqual([]);

  const { status, again } = await service.press('approve', 'ada');
  expect(status).toBe(200);
  expect((await call).outcome).toBe('forwarded');
  expect(await again()).toBe(409);
  await helio.stop();
  service.close();
});
