/** The decision link: GET shows the ticket and decides nothing, POST decides. Programs send JSON, people press a button. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ChannelDesk, Decided } from '@gethelio/proxy/contracts/approvals';
import { z } from 'zod';
import { readToken } from './link.ts';
import { decisionPage, outcomePage } from './page.ts';

const params = z.object({ channel: z.string(), token: z.string().max(200) });
const body = z.strictObject({
  decision: z.enum(['approve', 'deny']),
  reason: z.string().max(4_000).optional(),
  scope: z.enum(['once', 'session']).optional(),
});
const statusOf = { unknown: 404, decided: 409, voted: 409, not_an_approver: 403, bad_scope: 400 } as const;

export function buildRoutes(app: FastifyInstance, desks: ReadonlyMap<string, ChannelDesk>): void {
  app.get('/decide/:channel/:token', async (request, reply) => {
    const found = await open(request, desks);
    const ticket = found && (await found.desk.ticket(found.ticket));
    if (ticket === undefined) return page(reply, 404, outcomePage('This link is not valid, or its time is over.'));
    return page(reply, 200, decisionPage(ticket));
  });

  app.post('/decide/:channel/:token', async (request, reply) => {
    const found = await open(request, desks);
    if (found === undefined)
      return refuse(request, reply, 404, 'unknown', 'This link is not valid, or its time is over.');
    const said = body.safeParse(bodyOf(request));
    if (!said.success) return refuse(request, reply, 400, 'bad_request', 'Say "decision": "approve" or "deny".');
    const { decision, reason, scope } = said.data;
    const decided: Decided = await found.desk.decide({
      ticket: found.ticket,
      decision,
      approver: found.desk.name,
      ...(reason && { note: reason }),
      ...(scope && { scope }),
    });
    if (!decided.ok) return refuse(request, reply, statusOf[decided.why], decided.why, decided.reason);
    const { id, state } = decided.ticket;
    if (!isForm(request)) return { ticket: { id, state }, counted: decided.counted };
    return page(
      reply,
      200,
      outcomePage(decided.counted ? 'Your approval counts; others must agree.' : `The call is ${state}.`),
    );
  });
}

async function open(
  request: FastifyRequest,
  desks: ReadonlyMap<string, ChannelDesk>,
): Promise<{ readonly desk: ChannelDesk; readonly ticket: string } | undefined> {
  const { channel, token } = params.parse(request.params);
  const desk = desks.get(channel);
  if (desk === undefined) return undefined;
  const ticket = readToken(await desk.key(), channel, token, desk.nowMs());
  if (ticket === undefined) {
    desk.emit('approval_callback_refused', { channel, peer: request.ip, reason: 'the link is forged or over' });
    return undefined;
  }
  return { desk, ticket };
}

const isForm = (request: FastifyRequest): boolean =>
  request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;

function bodyOf(request: FastifyRequest): unknown {
  const text = request.body instanceof Uint8Array ? Buffer.from(request.body).toString('utf8') : '';
  if (isForm(request)) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(request: FastifyRequest, reply: FastifyReply, status: number, code: string, message: string) {
  if (isForm(request)) return page(reply, status, outcomePage(message));
  return reply.code(status).send({ error: { code, message } });
}

function page(reply: FastifyReply, status: number, html: string): FastifyReply {
  return (
    reply
      .code(status)
      .header('cache-control', 'no-store')
      // With no-referrer a browser would send `Origin: null` with our own form, which is refused everywhere.
      .header('referrer-policy', 'same-origin')
      .type('text/html; charset=utf-8')
      .send(html)
  );
}
