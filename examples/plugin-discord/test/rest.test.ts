import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRest } from '../src/rest.ts';
import { startFakeDiscord, type FakeDiscord } from './fake-discord.ts';
import { ada, start, until } from './running.ts';

const limited = (retryAfterS: number, global = false) => ({
  status: 429,
  json: { message: 'You are being rate limited.', retry_after: retryAfterS, global },
  headers: { 'retry-after': String(Math.ceil(retryAfterS)) },
});
let fake: FakeDiscord;
beforeEach(async () => void (fake = await startFakeDiscord()));
afterEach(() => fake.stop());

const signal = new AbortController().signal;
const rest = () => createRest({ api_url: fake.url, bot_token: fake.token });
const message = { content: 'hello', nonce: 'n1', enforce_nonce: true };
const post = (from = rest()) => from.ask('POST', `/channels/${fake.channel}/messages`, message, signal);

test('waits as long as Discord asks, then posts once', async () => {
  fake.answersOnce(limited(0.3));
  await post();
  expect(fake.asked.map(({ status }) => status)).toEqual([429, 200]);
  expect(fake.impolite()).toBe(0);
  expect(fake.messages).toHaveLength(1);
});

test('asks a route that is closed no sooner, and the others all the same', async () => {
  const one = rest();
  fake.answersOnce({
    status: 200,
    json: { id: '1' },
    headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1' },
  });
  await post(one);
  await Promise.all([post(one), one.ask('GET', '/applications/@me', undefined, signal)]);
  expect(fake.asked.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST']);
  expect(fake.impolite()).toBe(0);
});

test('a global limit closes every route', async () => {
  const one = rest();
  fake.answersOnce(limited(64.57, true));
  await expect(post(one)).rejects.toMatchObject({ code: 'HELIO_DISCORD_RATE_LIMITED' });
  const other = one.ask('GET', '/applications/@me', undefined, signal);
  await expect(other).rejects.toMatchObject({ code: 'HELIO_DISCORD_RATE_LIMITED' });
  expect(fake.asked).toHaveLength(1);
});

test('gives up at once when the wait is longer than a delivery may take, and asks no more meanwhile', async () => {
  const one = rest();
  fake.answersOnce(limited(64.57));
  await expect(post(one)).rejects.toMatchObject({ code: 'HELIO_DISCORD_RATE_LIMITED' });
  await expect(post(one)).rejects.toThrow(/asks to wait \d\d s/);
  expect(fake.asked).toHaveLength(1);
  await one.ask('GET', '/applications/@me', undefined, signal);
});

test('an answer that got lost makes no second message', async () => {
  const { fake: discord, helio } = await start();
  await until(() => discord.asked.length === 1); // the look at the key, at start
  discord.losesNextAnswer();
  const call = helio.call('pay');
  await until(() => discord.asked.filter(({ method }) => method === 'POST').length === 2);
  expect(discord.asked.map(({ status }) => status)).toEqual([200, 502, 200]);
  expect(discord.messages).toHaveLength(1);
  await discord.press('approve', ada);
  expect((await call).outcome).toBe('forwarded');
  await until(() => discord.messages[0]!.edits === 1);
});

test.each([
  [401, { code: 0, message: '401: Unauthorized' }, 'HELIO_DISCORD_UNAUTHORIZED', /reset it/],
  [403, { code: 50013, message: 'Missing Permissions' }, 'HELIO_DISCORD_FORBIDDEN', /code 50013, Missing Permissions/],
  [404, { code: 10003, message: 'Unknown Channel' }, 'HELIO_DISCORD_CHANNEL_UNKNOWN', /invite the bot/],
  [400, { code: 50035, message: 'Invalid Form Body' }, 'HELIO_DISCORD_REJECTED', /50035/],
])('%i is told with what to do, and not tried again', async (status, json, code, words) => {
  fake.answers(status, json);
  await expect(post()).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
  expect(fake.asked).toHaveLength(1);
});

test('a Discord that is away is told without an address or a token', async () => {
  const [{ url, token }, gone] = [fake, new AbortController()];
  await fake.stop();
  setTimeout(() => gone.abort(), 100);
  const asking = createRest({ api_url: url, bot_token: token }).ask('GET', '/applications/@me', undefined, gone.signal);
  await expect(asking).rejects.toMatchObject({ code: 'HELIO_DISCORD_UNREACHABLE' });
  await asking.catch((error: Error) => expect(error.message).not.toMatch(/127\.0\.0\.1|Cl2FMQ/));
  fake = await startFakeDiscord();
});

test('a redirect is not followed: the token goes nowhere else', async () => {
  const elsewhere = await startFakeDiscord();
  const stop = new AbortController();
  fake.answers(302, {}, { location: `${elsewhere.url}/applications/@me` });
  setTimeout(() => stop.abort(), 200);
  await expect(rest().ask('GET', '/applications/@me', undefined, stop.signal)).rejects.toThrow();
  expect(elsewhere.asked).toEqual([]);
  await elsewhere.stop();
});

test('a delivery that fails is logged, recorded and kept; the ticket lives on', async () => {
  const { fake: discord, helio, tickets, breakGlass } = await start();
  discord.answers(403, { code: 50001, message: 'Missing Access' });
  const call = helio.call('pay');
  const failed = await until(() => helio.records.find(({ kind }) => kind === 'approval_notification_failed'));
  expect(failed.data).toMatchObject({ channel: 'team', reason: expect.stringContaining('HELIO_DISCORD_FORBIDDEN') });
  expect((await tickets())[0]).toMatchObject({ state: 'pending', deliveries: { team: { state: 'failed' } } });
  await breakGlass();
  expect((await call).outcome).toBe('forwarded');
});

test('a ticket waits through a rate limit and is still answered', async () => {
  const { fake: discord, helio } = await start();
  discord.answersOnce(limited(0.2), limited(0.1));
  const call = helio.call('pay');
  await until(() => discord.messages.length > 0);
  await discord.press('approve', ada);
  expect((await call).outcome).toBe('forwarded');
});
