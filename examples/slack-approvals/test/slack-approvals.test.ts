import { afterAll, beforeAll, expect, test } from 'vitest';
import { play, type Played } from '../play.ts';

let played: Played;
beforeAll(async () => {
  played = await play();
});
afterAll(() => played?.stop());

async function card() {
  for (let i = 0; i < 400; i++) {
    const message = played.slack.messages.at(-1);
    if (message !== undefined && message.updates === 0) return message;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('no card was posted');
}

test('a small payment asks nobody', async () => {
  expect(await played.pay(250)).toContain('succeeded');
  expect(played.slack.messages).toHaveLength(0);
});

test('a large one runs when somebody presses Approve', async () => {
  const call = played.pay(1_250);
  expect(JSON.stringify((await card()).blocks)).toContain('1250');
  await played.slack.press({ action: 'approve', user: 'U1' });
  expect(await call).toContain('succeeded');
});

test('and is refused with the reason when somebody denies it', async () => {
  const call = played.pay(9_000);
  await card();
  await played.slack.press({ action: 'deny', user: 'U1' });
  await played.slack.submit(played.slack.views[0]!, 'U1', 'over the budget of this quarter');
  expect(await call).toContain('over the budget of this quarter');
});

test('the fake Slack can be played in a browser too', async () => {
  const call = played.pay(2_000);
  const message = await card();
  await fetch(`${played.slack.url}/press`, {
    method: 'POST',
    body: new URLSearchParams({ ts: message.ts, action: 'approve', user: 'U1' }),
  });
  expect(await call).toContain('succeeded');
  expect(await (await fetch(played.slack.url)).text()).toContain('approved by U1');
});
