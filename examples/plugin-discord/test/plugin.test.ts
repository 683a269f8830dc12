import type { DoctorCheck } from '@gethelio/proxy/plugin';
import { PluginTester, testPlugin } from '@gethelio/proxy/testing';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askDiscord } from '../src/doctor.ts';
import { createRest } from '../src/rest.ts';
import { keyOf } from '../src/signature.ts';
import { entrySchema } from '../src/config.ts';
import { discord } from '../src/index.ts';
import { startFakeDiscord, type FakeDiscord } from './fake-discord.ts';
import { ada, ben, entryOf } from './running.ts';

const standard = ['identity', 'policy', 'operator', 'approvals'];
const yaml = (channel: string): string => `dashboard: { port: 0, api_secret: 'operator-secret-of-the-test-0001' }
approval: { wait: '300ms', channels: [${channel}] }
policies: { default: allow, rules: [{ match: { tool: pay }, action: require_approval, approval: { channel: team } }] }`;

const other = await startFakeDiscord();
afterAll(() => other.stop());
PluginTester.run(discord, {
  with: standard,
  yaml: yaml(entryOf(other)),
  nowMs: Date.now(),
  secrets: [other.token],
  allows: ['look'].map((call) => ({ call })),
  holds: [{ call: 'pay', code: 'approval_required' }],
});

describe('the entry in approval.channels', () => {
  const wrong = async (from: string | RegExp, to: string) =>
    testPlugin(discord, { with: standard, yaml: yaml(entryOf(other).replace(from, to)) });

  it.each([
    ['a token with its kind in front', /bot_token: '/, "bot_token: 'Bot ", /bare token/],
    ['a key that is too short', other.publicKey, 'abc123', /64 hexadecimal digits/],
    ["a channel's name", `channel: '${other.channel}'`, 'channel: approvals', /digits, in quotes/],
    ['an id that lost its quotes, and with them its last digits', `'${ada}'`, ada, /approvers\.0/],
    ['no approver', /approvers: \[.*?\](?= })/, 'approvers: []', /approvers/],
    ['nobody named', /, approvers: \[.*?\](?= })/, '', /approvers/],
    ['an API without https', other.url, 'http://discord.example.com/api/v10', /must be https/],
    ['a key that it does not know', 'name: team', 'name: team, webhook: x', /webhook/],
  ] as const)('is refused with %s', async (_what, from, to, words) => {
    await expect(wrong(from, to)).rejects.toThrow(words);
  });

  it('asks for a quorum only when there are as many people', async () => {
    const three = yaml(entryOf(other)).replace('channel: team', 'channel: team, quorum: 3');
    await expect(testPlugin(discord, { with: standard, yaml: three })).rejects.toThrow(/quorum/);
  });
});

describe('helio doctor', () => {
  let fake: FakeDiscord;
  beforeEach(async () => void (fake = await startFakeDiscord()));
  afterEach(() => fake.stop());

  async function findings(change: object = {}) {
    const entry = entrySchema.parse({
      bot_token: fake.token,
      public_key: fake.publicKey,
      channel: fake.channel,
      approvers: [ada, ben],
      api_url: fake.url,
      ...change,
    });
    const desk = { name: 'team' } as never;
    const channel = { entry, desk, rest: createRest(entry), key: keyOf(entry.public_key) };
    return askDiscord([channel], new AbortController().signal) satisfies ReturnType<DoctorCheck['run']>;
  }

  it('says that all is well, and posts nothing', async () => {
    fake.application.interactions_endpoint_url = 'https://helio.example.com/hooks/discord/interactions';
    expect(await findings()).toEqual([{ state: 'ok', text: '"team" posts to #approvals as Helio' }]);
    expect(fake.messages).toEqual([]);
  });

  it('warns when no answer can arrive', async () => {
    expect(await findings()).toMatchObject([
      { state: 'warn', fix: expect.stringContaining('/hooks/discord/interactions') },
    ]);
  });

  it.each([
    ['the token', { bot_token: 'MTk4.wrong.token' }, 'HELIO_DISCORD_UNAUTHORIZED'],
    ['the key', { public_key: '12'.repeat(32) }, 'HELIO_DISCORD_KEY'],
    ['the channel', { channel: '999999999999999999' }, 'HELIO_DISCORD_CHANNEL_UNKNOWN'],
  ])('says that %s is wrong, and what to do', async (_what, change, code) => {
    const [finding] = await findings(change);
    expect(finding).toMatchObject({ state: 'fail', text: expect.stringContaining(code), fix: expect.any(String) });
    expect(JSON.stringify(finding)).not.toContain('MTk4');
  });
});
