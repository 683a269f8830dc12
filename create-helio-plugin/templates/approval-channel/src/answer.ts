/** What the service sends back: signed, fresh, and never twice. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ChannelDesk } from '@gethelio/proxy/contracts/approvals';
import { z } from 'zod';
import type { Entry } from './index.ts';

/** The part of a fastify instance that is used here, so that the plugin needs no fastify of its own. */
interface Routes {
  post(path: string, answer: (request: { body: unknown; headers: Headers }, reply: Reply) => unknown): unknown;
}
type Headers = { readonly [name: string]: string | readonly string[] | undefined };
interface Reply {
  code(status: number): { send(body: object): unknown };
}

const windowMs = 5 * 60_000; // an older answer is a replay
const answer = z.strictObject({
  channel: z.string(),
  ticket: z.string(),
  decision: z.enum(['approve', 'deny']),
  user: z.string().min(1),
  note: z.string().max(4_000).optional(),
  sentAtMs: z.int(),
});

export function answerRoute(
  app: unknown,
  open: ReadonlyMap<string, { readonly desk: ChannelDesk; readonly entry: Entry }>,
): void {
  (app as Routes).post('/answer', async (request, reply) => {
    // Callbacks come as bytes: a signature is over bytes, not over what a parser made of them.
    const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array();
    const said = answer.safeParse(parsed(bytes));
    const channel = said.success ? open.get(said.data.channel) : undefined;
    if (!said.success || channel === undefined) return reply.code(400).send({ error: 'no such channel, or no answer' });
    const { desk, entry } = channel;
    const { ticket, decision, user, note, sentAtMs } = said.data;
    const isFresh = Math.abs(desk.nowMs() - sentAtMs) < windowMs;
    const signature = String(request.headers['x-signature'] ?? '');
    if (!isFresh || !isSigned(bytes, signature, entry.secret)) {
      desk.emit('approval_callback_refused', { channel: desk.name, reason: 'the signature is wrong or old' });
      return reply.code(401).send({ error: 'the signature is wrong or old' });
    }
    if (!(await desk.first(signature, sentAtMs + 2 * windowMs)))
      return reply.code(409).send({ error: 'this answer came before' });
    // `user` may be believed: the signature covers it. Who may decide is checked by Helio, against `people`.
    const decided = await desk.decide({ ticket, decision, approver: user, ...(note !== undefined && { note }) });
    return decided.ok ? { state: decided.ticket.state } : reply.code(409).send({ error: decided.reason });
  });
}

export function sign(bytes: Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(bytes).digest('hex');
}

function isSigned(bytes: Uint8Array, signature: string, secret: string): boolean {
  const [given, wanted] = [Buffer.from(signature), Buffer.from(sign(bytes, secret))];
  return given.length === wanted.length && timingSafeEqual(given, wanted); // in constant time
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
