import { afterAll, beforeAll, expect, test } from 'vitest';
import { play, type Played } from '../play.ts';

let played: Played;
beforeAll(async () => {
  played = await play();
});
afterAll(() => played?.stop());

/** Pays, and waits for the card that asks about it: the card before may still wait for its update. */
async function payAndAwaitCard(amount: number) {
  const before = played.slack.messages.length;
  const call = played.pay(amount);
  for (let i = 0; i < 400; i++) {
    const message = played.slack.messages[before];
    if (message !== undefined) return { call, message };
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('no card was posted');
}

test('a small payment asks nobody', async () => {
  expect(await played.pay(250)).toContain('succeeded');
  expect(played.slack.messages).toHaveLength(0);
});

test('a large one runs when somebody presses Approve', async () => {
  const { call, message } = await payAndAwaitCard(1_250);
  expect(JSON.stringify(message.blocks)).toContain('1250');
  await played.slack.press({ action: 'approve', user: 'U1' });
  expect(await call).toContain('succeeded');
});

test('and is refused with the reason when somebody denies it', async () => {
  const { call } = await payAndAwaitCard(9_000);
  await played.slack.press({ action: 'deny', user: 'U1' });
  await played.slack.submit(played.slack.views[0]!, 'U1', 'over the budget of this quarter');
  expect(await call).toContain('over the budget of this quarter');
});

test('the fake Slack can be played in a browser too', async () => {
  const { call, message } = await payAndAwaitCard(2_000);
  await fetch(`${played.slack.url}/press`, {
    method: 'POST',
    body: new URLSearchParams({ ts: message.ts, action: 'approve', user: 'U1' }),
  });
  expect(await call).toContain('succeeded');
  expect(await (await fetch(played.slack.url)).text()).toContain('approved by U1');
});
