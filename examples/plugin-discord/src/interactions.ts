/** What Discord sends when somebody presses a button: signature, five minutes, no replay - then the person's word. */
import { createHash } from 'node:crypto';
import type { Decided } from '@gethelio/proxy/contracts/approvals';
import { z } from 'zod';
import { readCustomId, tagOf } from './card.ts';
import type { DiscordChannel } from './channel.ts';
import { approverName } from './config.ts';
import { discordError, type DiscordErrorCode } from './errors.ts';
import { askReason, done, pong, tell, type Response } from './responses.ts';
import { isSignedBy, windowMs, type Signed } from './signature.ts';

/** The part of a fastify instance that is used here, so that the plugin needs no fastify of its own. */
interface Routes {
  post(path: string, answer: (request: Incoming, reply: Reply) => unknown): unknown;
}
interface Incoming {
  readonly body: unknown;
  readonly ip: string;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
}
interface Reply {
  code(status: number): { send(body: object): unknown };
}

const user = z.object({ id: z.string() });
const person = { member: z.object({ user }).optional(), user: user.optional() }; // in a server, or in a direct message
const field = z.object({ custom_id: z.string(), value: z.string().nullish() });
const interaction = z.discriminatedUnion('type', [
  z.object({ type: z.literal(1) }), // PING
  z.object({ type: z.literal(3), data: z.object({ custom_id: z.string() }), ...person }), // a button was pressed
  z.object({
    type: z.literal(5), // a dialogue was submitted
    data: z.object({ custom_id: z.string(), components: z.array(z.object({ component: field })).max(5) }),
    ...person,
  }),
]);
type Said = Exclude<z.output<typeof interaction>, { type: 1 }>;

export function interactionRoute(app: unknown, channels: ReadonlyMap<string, DiscordChannel>): void {
  (app as Routes).post('/interactions', async (request, reply) => {
    const message = signedOf(request);
    // Several channels may belong to one application, or to several.
    const signed = [...channels.values()].filter(({ key, desk }) => isSignedBy(key, message, desk.nowMs()));
    const [first] = signed;
    if (first === undefined) return refuse(401, 'HELIO_DISCORD_SIGNATURE');

    const parsed = interaction.safeParse(jsonOf(message.body));
    if (!parsed.success) return refuse(400, 'HELIO_DISCORD_INTERACTION');
    const said = parsed.data;
    if (said.type === 1) return pong;
    const nonce = createHash('sha256').update(`${message.timestamp}.`).update(message.body).digest('hex');
    if (!(await first.desk.first(nonce, first.desk.nowMs() + 2 * windowMs)))
      return refuse(401, 'HELIO_DISCORD_REPLAYED');
    return answer(said, signed);

    function refuse(status: number, code: DiscordErrorCode): unknown {
      const { why } = discordError(code);
      const [desk] = [...channels.values()].map((channel) => channel.desk);
      if (status === 401)
        desk?.emit('approval_callback_refused', { channel: 'discord', peer: request.ip, reason: why, code });
      return reply.code(status).send({ error: { code, message: why } });
    }
  });
}

/** Every sentence here is read by the person who pressed, and by nobody else. */
async function answer(said: Said, signed: readonly DiscordChannel[]): Promise<Response> {
  const asked = readCustomId(said.data.custom_id);
  const channel = asked && signed.find(({ desk }) => tagOf(desk.name) === asked.tag);
  if (asked === undefined || channel === undefined) return tell('This is not about an approval of this Helio.');
  const { entry, desk } = channel;
  const { action, ticket } = asked;
  // Believed because the signature covers it, never because a body claims it.
  const approver = approverName(entry, (said.member?.user ?? said.user)?.id ?? '');
  if (approver === undefined) return tell('You are not one of the approvers of this channel.');

  if (said.type === 3 && action === 'deny') {
    const current = await desk.ticket(ticket);
    return current?.state === 'pending' ? askReason(ticket, desk.name) : tell('This call was decided before.');
  }
  if (said.type === 3 && (action === 'approve' || action === 'session')) {
    const scope = action === 'session' ? 'session' : 'once';
    return told(await desk.decide({ ticket, decision: 'approve', approver, scope }));
  }
  if (said.type === 5 && action === 'reason') {
    const note = said.data.components.find(({ component }) => component.custom_id === 'reason')?.component.value;
    return told(await desk.decide({ ticket, decision: 'deny', approver, ...(note && { note }) }));
  }
  return tell('This is not about an approval of this Helio.');
}

/** The message itself is edited by `update`; only a person whose answer changed nothing is told so. */
const told = (decided: Decided): Response => (decided.ok ? done : tell(decided.reason));

function signedOf({ headers, body }: Incoming): Signed {
  const one = (name: string): string | undefined => [headers[name]].flat()[0] as string | undefined;
  return {
    signature: one('x-signature-ed25519'),
    timestamp: one('x-signature-timestamp'),
    // Callbacks come as bytes: a signature is over bytes, not over what a parser made of them.
    body: body instanceof Uint8Array ? body : new Uint8Array(),
  };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
