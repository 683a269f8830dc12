/** Whatever a ticket holds, Discord takes the message, and nothing of it is read as markdown. */
import type { Ticket, TicketState } from '@gethelio/proxy/contracts/approvals';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cardOf, customId, readCustomId } from '../src/card.ts';
import { wrongWithMessage } from './fake-limits.ts';

const nasty = fc.constantFrom(
  '`',
  '```',
  '\n',
  '\u202e',
  '@everyone',
  '<@1>',
  '](https://evil.example)',
  '**',
  '\ud83d\ude00',
  '\ud800',
  '\\',
  '||',
);
const text = (maxLength: number) =>
  fc.array(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 20 })), { maxLength }).map((parts) => parts.join(''));
const name = text(60);
const states: readonly TicketState[] = [
  'pending',
  'approved',
  'denied',
  'timeout',
  'break_glass',
  'shutdown_cancelled',
  'superseded',
];
const hash = 'ab'.repeat(32);

const anyTicket: fc.Arbitrary<Ticket> = fc.record({
  id: fc.constant(`apr_${'0'.repeat(26)}`),
  state: fc.constantFrom(...states),
  createdAtMs: fc.constant(1_760_000_000_000),
  deadlineAtMs: fc.constant(1_760_000_300_000),
  decidedBecause: text(200),
  principal: name,
  session: name,
  client: name,
  upstream: name,
  kind: fc.constant('tool' as const),
  name,
  argumentsText: text(800),
  argumentsCut: fc.boolean(),
  argumentsHash: fc.constant(hash),
  definition: fc.constant(''),
  digest: fc.constant(hash),
  callId: fc.constant('c'),
  askers: fc.array(fc.record({ plugin: name, code: name, reason: text(100), identity: name }), { maxLength: 8 }),
  channels: fc.constant(['team']),
  delegates: fc.constant([]),
  quorum: fc.integer({ min: 1, max: 20 }),
  scopes: fc.constantFrom(['once'] as const, ['once', 'session'] as const),
  votes: fc.array(
    fc.record({
      decision: fc.constantFrom('approve' as const, 'deny' as const),
      approver: fc.string({ maxLength: 40 }),
      channel: name,
      atMs: fc.constant(0),
    }),
    { maxLength: 20 },
  ),
  deliveries: fc.constant({}),
});
const card = (ticket: Ticket) => cardOf(ticket, 'team', 'https://helio.example.com', false);

test('Discord takes every message, and no mention pings', () => {
  fc.assert(
    fc.property(anyTicket, (ticket) => {
      const message = card(ticket);
      expect(wrongWithMessage(message as never)).toBeUndefined();
      expect(message.allowed_mentions).toEqual({ parse: [] });
    }),
  );
});

test('outside of code stands only what the plugin itself says', () => {
  fc.assert(
    fc.property(anyTicket, (ticket) => {
      const { content, embeds } = card(ticket);
      const whole = `${content}\n${embeds[0]!.description}`;
      expect(whole.match(/```/g)).toHaveLength(2);
      const outside = whole.replace(/```json\n[\s\S]*?\n```/, '').replace(/`[^`\n]+`/g, '');
      expect(outside).not.toContain('`');
      expect(outside).not.toMatch(/everyone|evil|<@|\|\|/);
      expect(whole.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    }),
  );
});

test('arguments are shown whole, or cut with a mark and the hash of all of them', () => {
  fc.assert(
    fc.property(anyTicket, fc.stringMatching(/^[a-z {}",:0-9]{0,6000}$/), (ticket, argumentsText) => {
      const { description } = card({ ...ticket, argumentsText }).embeds[0]!;
      const shown = /```json\n([\s\S]*?)\n```/.exec(description)![1]!;
      const isWhole = shown === argumentsText && !ticket.argumentsCut;
      expect(argumentsText.startsWith(shown)).toBe(true);
      expect(description.includes('**Cut:**') && description.includes(hash)).toBe(!isWhole);
      expect(shown.length).toBeGreaterThanOrEqual(Math.min(argumentsText.length, 500));
    }),
  );
});

test('buttons stand under a pending ticket only', () => {
  fc.assert(
    fc.property(
      anyTicket,
      (ticket) => void expect(card(ticket).components.length > 0).toBe(ticket.state === 'pending'),
    ),
  );
});

test('a link to the dashboard is there only over https', () => {
  const [ticket] = fc.sample(anyTicket, { numRuns: 1, seed: 1 });
  expect(JSON.stringify(card(ticket!))).toContain(`(https://helio.example.com/approvals?ticket=${ticket!.id})`);
  expect(JSON.stringify(cardOf(ticket!, 'team', 'http://127.0.0.1:3100', false))).not.toContain('127.0.0.1');
});

test('the id of a button is read back, and nothing else is', () => {
  const id = customId('approve', `apr_${'0'.repeat(26)}`, 'a channel with a long name'.repeat(20));
  expect(id.length).toBeLessThanOrEqual(100);
  expect(readCustomId(id)).toMatchObject({ action: 'approve', ticket: `apr_${'0'.repeat(26)}` });
  for (const other of ['', 'helio', `${id}x`, `x${id}`, id.replace('approve', 'allow'), id.toUpperCase()])
    expect(readCustomId(other)).toBeUndefined();
});

test('says that a ticket has escalated', () => {
  const [ticket] = fc.sample(anyTicket, { numRuns: 1, seed: 1 });
  const escalated = cardOf({ ...ticket!, state: 'pending', name: 'pay' }, 'team', undefined, true);
  expect(escalated.content).toBe('**Approval needed (escalated)** for `pay`');
});
