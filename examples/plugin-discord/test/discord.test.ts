import { expect, test } from 'vitest';
import { startFakeDiscord } from './fake-discord.ts';
import { ada, ben, entryOf, eve, start, until } from './running.ts';

const posted = (fake: { messages: readonly unknown[] }) => until(() => fake.messages.length > 0);
const textOf = (message: any): string =>
  [message.content, message.embeds[0].description, message.embeds[0].footer.text].join('\n');

test('posts a message that Discord takes, and lets the call go when an approver presses Approve', async () => {
  const { fake, helio } = await start();
  const call = helio.call({ name: 'pay', argumentsText: '{"amount":1250.50,"to":"ACME"}' });
  await posted(fake);
  const [message] = fake.messages;
  expect(message!.channel_id).toBe(fake.channel);
  expect(textOf(message)).toContain('"amount": 1250.50');
  expect((await fake.press('approve', ada)).body).toEqual({ type: 6 });
  expect((await call).outcome).toBe('forwarded');
  await until(() => message!.edits > 0);
  expect(textOf(message)).toContain(`approved by \`${ada}\``);
  expect(message!.components).toEqual([]);
});

test('asks for a reason behind Deny, and hands it to the agent', async () => {
  const { fake, helio, ticket } = await start();
  const call = helio.call('pay');
  await posted(fake);
  await fake.press('deny', ben);
  expect((await ticket()).state).toBe('pending');
  expect(fake.modals).toMatchObject([{ title: 'Deny this call' }]);
  await fake.submit(fake.modals[0]!, ben, 'wrong supplier');
  expect((await call).text).toContain('wrong supplier');
  expect((await ticket()).votes).toMatchObject([
    { approver: 'ben', decision: 'deny', note: 'wrong supplier', channel: 'team' },
  ]);
  await until(() => fake.messages[0]!.edits > 0);
  expect(textOf(fake.messages[0])).toContain('denied by `ben`: `wrong supplier`');
});

test('a no without a reason is a no', async () => {
  const { fake, helio } = await start();
  const call = helio.call('pay');
  await posted(fake);
  await fake.press('deny', ada);
  await fake.submit(fake.modals[0]!, ada, '');
  expect((await call).code).toBe('approval_denied');
});

test('listens to approvers only, and tells others so', async () => {
  const { fake, helio, ticket } = await start();
  const call = helio.call('pay');
  await posted(fake);
  await fake.press('approve', eve);
  await fake.press('deny', eve);
  expect(fake.modals).toEqual([]);
  await fake.press('deny', ada);
  await fake.submit(fake.modals[0]!, eve, 'not mine to say');
  expect(fake.told.map(({ user, text }) => [user, text.includes('not one of the approvers')])).toEqual(
    Array.from({ length: 3 }, () => [eve, true]),
  );
  expect((await ticket()).state).toBe('pending');
  await fake.press('approve', ada);
  expect((await call).outcome).toBe('forwarded');
});

test('is an endpoint that Discord saves: it answers a PING, and refuses a forged one', async () => {
  const { fake, helio } = await start();
  await fake.setEndpoint(`${helio.url('dashboard')}/hooks/discord/interactions`);
  expect((await fake.ping()).body).toEqual({ type: 1 });
});

test('refuses forged, old and repeated interactions, and records them', async () => {
  const { fake, helio, ticket } = await start();
  const call = helio.call('pay');
  await posted(fake);
  const { generateKeyPairSync } = await import('node:crypto');
  const other = generateKeyPairSync('ed25519').privateKey;
  const nowS = Math.floor(helio.clock.nowMs() / 1000);
  const bad = [
    (headers: any) => ({ ...headers, 'x-signature-ed25519': '00'.repeat(64) }),
    (headers: any) => ({ ...headers, 'x-signature-ed25519': 'zz'.repeat(64) }),
    (headers: any) => ({ ...headers, 'x-signature-timestamp': String(nowS + 60) }),
    ({ 'x-signature-ed25519': _gone, ...headers }: any) => headers,
    ({ 'x-signature-timestamp': _gone, ...headers }: any) => headers,
    (_headers: any, body: string) => fake.signed(body, undefined, other),
    (_headers: any, body: string) => fake.signed(body, String(nowS - 301)),
    (_headers: any, body: string) => fake.signed(body, String(nowS + 302)),
    (_headers: any, body: string) => fake.signed(body.replace(ada, eve)),
  ];
  for (const forge of bad)
    expect(await fake.press('approve', ada, forge)).toMatchObject({
      status: 401,
      body: { error: { code: 'HELIO_DISCORD_SIGNATURE' } },
    });
  expect((await ticket()).state).toBe('pending');
  const refused = () => helio.records.filter(({ kind }) => kind === 'approval_callback_refused');
  expect(refused()).toHaveLength(bad.length);

  const press = fake.pressed('approve', eve);
  let once: Record<string, string> = {};
  await fake.deliver(press, (headers) => (once = headers));
  expect((await fake.deliver(press, () => once)).body).toMatchObject({ error: { code: 'HELIO_DISCORD_REPLAYED' } });
  expect(refused()).toHaveLength(bad.length + 1);
  await fake.press('approve', ada);
  expect((await call).outcome).toBe('forwarded');
});

test('a double click and a late click change nothing, and are told', async () => {
  const { fake, helio } = await start();
  const call = helio.call('pay');
  await posted(fake);
  const [press, late, deny] = [fake.pressed('approve', ada), fake.pressed('approve', ben), fake.pressed('deny', ben)];
  await fake.deliver(press);
  await call;
  await fake.deliver({ ...press, id: '9' });
  await fake.deliver(late);
  await fake.deliver(deny);
  expect(fake.told).toHaveLength(3);
  expect(fake.modals).toEqual([]);
  expect(helio.upstream.received).toHaveLength(1);
});

test('knows its own buttons: those of another ticket, another Helio or another application decide nothing', async () => {
  const { fake, helio, ticket } = await start();
  const call = helio.call('pay');
  await posted(fake);
  const press = fake.pressed('approve', ada);
  const own = press.data.custom_id;
  const strange = [
    own.replace(/apr_\w+/, `apr_${'0'.repeat(26)}`),
    own.replace(/:[0-9a-f]{16}$/, `:${'0'.repeat(16)}`),
    'buy',
    '',
  ];
  for (const custom_id of strange)
    expect((await fake.deliver({ ...press, id: custom_id, data: { component_type: 2, custom_id } })).body.type).toBe(4);
  expect((await fake.deliver({ ...press, type: 2, data: { name: 'shop' } })).status).toBe(400);
  expect((await fake.deliver({ ...press, id: '1', member: undefined })).body.type).toBe(4);
  expect((await ticket()).state).toBe('pending');
  await fake.press('approve', ada);
  expect((await call).outcome).toBe('forwarded');
});

test('a channel has its own approvers and its own key, whatever stands beside it', async () => {
  const other = await startFakeDiscord();
  const { fake, helio, ticket } = await start({
    // The same application with other approvers, and another application.
    beside: (same) => [entryOf(same, 'night', `['${eve}']`), entryOf(other, 'elsewhere', `['${eve}', '${ada}']`)],
  });
  const call = helio.call('pay');
  await posted(fake);
  expect(fake.messages).toHaveLength(1);
  const press = fake.pressed('approve', eve);
  await fake.deliver(press);
  expect(fake.told).toMatchObject([{ user: eve, text: expect.stringContaining('not one of the approvers') }]);
  other.useEndpoint(`${helio.url('dashboard')}/hooks/discord/interactions`);
  await other.deliver({ ...press, member: { user: { id: ada } } });
  expect(other.told).toMatchObject([{ user: ada, text: expect.stringContaining('not about an approval') }]);
  expect((await ticket()).state).toBe('pending');
  await fake.press('approve', ada);
  expect((await call).outcome).toBe('forwarded');
  await other.stop();
});

test('shows nothing that pings, links, hides or reorders; cuts with a mark and a hash', async () => {
  const { fake, helio, breakGlass } = await start();
  const evil =
    '@everyone <@1> [Click](https://evil.example) **bold** ``` ` # big \u202eDENY\u202c \u200b :tada: ||spoiler||';
  const call = helio.call({ name: 'pay', arguments: { note: evil, tail: 'x'.repeat(10_000), end: 'HIDDEN' } });
  await posted(fake);
  const [message] = fake.messages;
  const text = textOf(message);
  expect(message!.allowed_mentions).toEqual({ parse: [] });
  expect(text.match(/```/g)).toHaveLength(2);
  const outside = text.replace(/```json\n[\s\S]*?\n```/, '').replace(/`[^`\n]*`/g, '');
  expect(outside).not.toMatch(/everyone|evil|bold|spoiler|tada/);
  expect(text).not.toMatch(/[\u202e\u202c\u200b]/);
  expect(text).toContain('\\u202eDENY');
  expect(text).toContain('**Cut:**');
  expect(text).toMatch(/hash `[0-9a-f]{64}`/);
  expect(text).not.toContain('HIDDEN');
  await breakGlass();
  await call;
});

test('a quorum of two needs two people; the message counts', async () => {
  const { fake, helio } = await start({ rule: 'quorum: 2' });
  const call = helio.call('pay');
  await posted(fake);
  await fake.press('approve', ada);
  await until(() => textOf(fake.messages[0]).includes(`1 of 2 approvals · approved by ${ada}`));
  await fake.press('approve', ada);
  expect(fake.told[0]!.text).toContain('before');
  await fake.press('approve', ben);
  expect((await call).outcome).toBe('forwarded');
});

test('approves for a session only where the rule offers it', async () => {
  const { fake, helio } = await start({ rule: 'scopes: [once, session]' });
  const first = helio.call({ name: 'pay', arguments: { amount: 1 }, session: 's1' });
  await posted(fake);
  await fake.press('session', ada);
  expect((await first).outcome).toBe('forwarded');
  expect((await helio.call({ name: 'pay', arguments: { amount: 2 }, session: 's1' })).outcome).toBe('forwarded');
  expect(fake.messages).toHaveLength(1);
  await until(() => textOf(fake.messages[0]).includes('for the session'));
});

test('a message that was deleted in Discord troubles nobody', async () => {
  const { fake, helio, breakGlass } = await start();
  const call = helio.call('pay');
  await posted(fake);
  fake.messages.length = 0;
  await breakGlass();
  expect((await call).outcome).toBe('forwarded');
  await until(() => fake.asked.some(({ method, status }) => method === 'PATCH' && status === 404));
  expect(helio.records.filter(({ kind }) => kind === 'approval_notification_failed')).toEqual([]);
});
