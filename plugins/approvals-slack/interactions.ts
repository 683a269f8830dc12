/** What Slack sends when somebody presses a button: signature, five minutes, no replay - then the person's word. */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Decided } from '@gethelio/proxy/contracts/approvals';
import { request as send } from 'undici';
import { z } from 'zod';
import { denyModal, escaped } from './blocks.ts';
import type { SlackChannel } from './channel.ts';
import { approverName } from './config.ts';
import { isSignedBySlack, windowMs } from './signature.ts';

const about = z.object({ ticket: z.string(), channel: z.string() });
const user = z.object({ id: z.string() });
const press = z.object({
  type: z.literal('block_actions'),
  user,
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().optional() })).min(1),
});
const submission = z.object({
  type: z.literal('view_submission'),
  user,
  view: z.object({
    callback_id: z.string(),
    private_metadata: z.string(),
    state: z.object({
      values: z.object({ reason: z.object({ reason: z.object({ value: z.string().nullish() }) }) }),
    }),
  }),
});
const interaction = z.union([press, submission]);
const answerTimeoutMs = 3_000; // Slack waits three seconds for us as well

export function buildRoutes(app: FastifyInstance, channels: ReadonlyMap<string, SlackChannel>): void {
  app.post('/interactions', async (request, reply) => {
    const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
    const signed = [...channels.values()].filter(({ config, desk }) =>
      isSignedBySlack(config.signing_secret, headersOf(request), body, desk.nowMs()),
    );
    if (signed.length === 0) return forged(request, reply, channels, 'the signature or its time is wrong');
    const first = signed[0]!;
    // The signature covers time and body: the same one twice is a replay, on whatever channel.
    const nonce = createHash('sha256').update(headersOf(request).signature!).digest('hex');
    if (!(await first.desk.first(nonce, first.desk.nowMs() + 2 * windowMs)))
      return forged(request, reply, channels, 'this very message came before');

    const parsed = interaction.safeParse(payloadOf(body));
    if (!parsed.success) return reply.code(200).send(); // other buttons of the same app are not ours to judge
    const said = parsed.data;
    const named = said.type === 'block_actions' ? said.actions[0]!.value : said.view.private_metadata;
    const subject = about.safeParse(jsonOf(named));
    const channel = subject.success ? signed.find(({ desk }) => desk.name === subject.data.channel) : undefined;
    if (!subject.success || channel === undefined) return reply.code(200).send();
    const { ticket } = subject.data;
    return said.type === 'block_actions'
      ? onPress(reply, said, ticket, channel)
      : onSubmission(reply, said, ticket, channel);
  });
}

async function onPress(reply: FastifyReply, said: z.infer<typeof press>, ticket: string, channel: SlackChannel) {
  const action = said.actions[0]!.action_id;
  const approver = approverName(channel.config, said.user.id);
  if (approver === undefined) {
    await tell(channel, said.response_url, 'You are not one of the approvers of this channel.');
    return reply.code(200).send();
  }
  if (action === 'deny') {
    try {
      const client = await channel.client();
      await client.views.open({
        trigger_id: said.trigger_id ?? '',
        view: denyModal(ticket, channel.desk.name) as never,
      });
    } catch {
      // Without the dialogue a no is still a no.
      await answerPress(channel, said, await channel.desk.decide({ ticket, decision: 'deny', approver }));
    }
    return reply.code(200).send();
  }
  if (action !== 'approve' && action !== 'approve_session') return reply.code(200).send();
  const scope = action === 'approve' ? 'once' : 'session';
  await answerPress(channel, said, await channel.desk.decide({ ticket, decision: 'approve', approver, scope }));
  return reply.code(200).send();
}

async function onSubmission(
  reply: FastifyReply,
  said: z.infer<typeof submission>,
  ticket: string,
  { config, desk }: SlackChannel,
) {
  const approver = approverName(config, said.user.id);
  const note = said.view.state.values.reason.reason.value ?? undefined;
  const decided: Decided =
    approver === undefined
      ? { ok: false, why: 'not_an_approver', reason: 'You are not one of the approvers of this channel.' }
      : await desk.decide({ ticket, decision: 'deny', approver, ...(note && { note }) });
  if (decided.ok) return reply.code(200).send();
  return reply.code(200).send({ response_action: 'errors', errors: { reason: decided.reason } });
}

/** The card itself is updated by the desk; only a person whose press changed nothing is told so. */
async function answerPress(channel: SlackChannel, said: z.infer<typeof press>, decided: Decided): Promise<void> {
  if (!decided.ok) await tell(channel, said.response_url, decided.reason);
}

/** An answer that only the person who pressed can see. */
async function tell({ config, desk }: SlackChannel, responseUrl: string | undefined, text: string): Promise<void> {
  if (responseUrl === undefined || !isSlack(responseUrl, config.api_url)) return;
  try {
    const { body } = await send(responseUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text: escaped(text) }),
      headersTimeout: answerTimeoutMs,
      bodyTimeout: answerTimeoutMs,
    });
    await body.dump();
  } catch (cause) {
    desk.log.debug('Slack took no answer to a press', { channel: desk.name, cause: String(cause) });
  }
}

/** Signed by Slack, but it goes to Slack all the same. */
function isSlack(url: string, apiUrl: string): boolean {
  if (!URL.canParse(url)) return false;
  const { origin } = new URL(url);
  return (
    origin === 'https://hooks.slack.com' ||
    origin === 'https://hooks.slack-gov.com' ||
    origin === new URL(apiUrl).origin
  );
}

function forged(
  request: FastifyRequest,
  reply: FastifyReply,
  channels: ReadonlyMap<string, SlackChannel>,
  reason: string,
) {
  const desk = [...channels.values()][0]?.desk;
  desk?.emit('approval_callback_refused', { channel: 'slack', peer: request.ip, reason });
  return reply.code(401).send({ error: { code: 'bad_signature', message: 'This message is not accepted' } });
}

function headersOf(request: FastifyRequest): { signature: string | undefined; timestamp: string | undefined } {
  const one = (name: string): string | undefined => [request.headers[name]].flat()[0];
  return { signature: one('x-slack-signature'), timestamp: one('x-slack-request-timestamp') };
}

function payloadOf(body: Uint8Array): unknown {
  return jsonOf(new URLSearchParams(Buffer.from(body).toString('utf8')).get('payload') ?? undefined);
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
