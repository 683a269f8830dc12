/** One webhook: posts `approval.requested`, `approval.escalated` and `approval.resolved`. */
import type { ApprovalChannel, ChannelDesk, Ticket } from '@gethelio/proxy/contracts/approvals';
import type { Agent } from 'undici';
import type { WebhookConfig } from './config.ts';
import { createAgent } from './dial.ts';
import { makeToken } from './link.ts';
import { send } from './send.ts';

export function createWebhook(
  config: WebhookConfig,
  desk: ChannelDesk,
  operatorUrl: () => string | undefined,
): ApprovalChannel {
  let agent: Agent | undefined;
  const post = (message: object, signal: AbortSignal): Promise<string> => {
    agent ??= createAgent(config.allow_hosts, config.timeout);
    return send(message, { agent, config, nowMs: desk.nowMs, signal });
  };
  return {
    people: 'one', // whoever holds the link: nobody is told apart
    async show(ticket, event, signal) {
      const id = await post({ type: `approval.${event}`, ticket, decision: await linkFor(ticket) }, signal);
      return { id };
    },
    async update(ticket, _handle, signal) {
      if (ticket.state !== 'pending') await post({ type: 'approval.resolved', ticket }, signal);
    },
    async close() {
      await agent?.destroy();
    },
  };

  async function linkFor(ticket: Ticket): Promise<object | null> {
    const base = operatorUrl();
    if (base === undefined) return null;
    const token = makeToken(await desk.key(), desk.name, ticket.id, ticket.deadlineAtMs);
    const path = `/hooks/approvals-webhook/decide/${encodeURIComponent(desk.name)}/${token}`;
    return { url: base + path, expires_at: new Date(ticket.deadlineAtMs).toISOString() };
  }
}
