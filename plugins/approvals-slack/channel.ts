/** One Slack conversation: posts a card per ticket and keeps it up to date. */
import type { ApprovalChannel, ChannelDesk, Ticket } from '@gethelio/proxy/contracts/approvals';
import type { Json, Log } from '@gethelio/proxy/plugin';
import type { WebClient } from '@slack/web-api';
import { cardOf } from './blocks.ts';
import type { SlackConfig } from './config.ts';

const requestTimeoutMs = 10_000;

export interface SlackChannel {
  readonly config: SlackConfig;
  readonly desk: ChannelDesk;
  readonly client: () => Promise<WebClient>;
}

export function createSlackChannel(
  { config, desk, client }: SlackChannel,
  dashboardUrl: () => string | undefined,
): ApprovalChannel {
  const cardFor = (ticket: Ticket, isEscalated: boolean) => cardOf(ticket, desk.name, dashboardUrl(), isEscalated);
  return {
    people: config.approvers?.map((approver) => (typeof approver === 'string' ? approver : approver.name)) ?? 'anyone',
    async start() {
      await clear(async () => (await client()).auth.test());
    },
    async show(ticket, event) {
      const { text, blocks } = cardFor(ticket, event === 'escalated');
      const posted = await clear(async () =>
        (await client()).chat.postMessage({
          channel: config.channel,
          text,
          blocks: blocks as never,
          unfurl_links: false,
          unfurl_media: false,
        }),
      );
      return { ts: posted.ts ?? '', channel: posted.channel ?? config.channel };
    },
    async update(ticket, handle) {
      const { ts, channel } = (handle ?? {}) as { ts?: Json; channel?: Json };
      if (typeof ts !== 'string' || typeof channel !== 'string') return;
      const { text, blocks } = cardFor(ticket, ticket.escalatedAtMs !== undefined);
      await clear(async () => (await client()).chat.update({ channel, ts, text, blocks: blocks as never }));
    },
  };
}

/** The library is loaded when it is first needed: it costs a start a tenth of a second. */
export function createClient(config: SlackConfig, log: Log): () => Promise<WebClient> {
  let made: Promise<WebClient> | undefined;
  return () =>
    (made ??= import('@slack/web-api').then(
      ({ WebClient: Client, LogLevel }) =>
        new Client(config.bot_token, {
          slackApiUrl: config.api_url,
          timeout: requestTimeoutMs,
          retryConfig: { retries: 2, minTimeout: 500, maxTimeout: 2_000 },
          allowAbsoluteUrls: false, // the token goes to Slack and nowhere else
          logger: {
            debug: () => undefined,
            info: () => undefined,
            warn: (...words: unknown[]) => log.debug(`slack: ${words.join(' ')}`.replaceAll(config.bot_token, '***')),
            error: (...words: unknown[]) => log.debug(`slack: ${words.join(' ')}`.replaceAll(config.bot_token, '***')),
            setLevel: () => undefined,
            getLevel: () => LogLevel.WARN,
            setName: () => undefined,
          },
        }),
    ));
}

/** What to do about the mistakes that are made when a Slack app is set up. */
const advice: { readonly [error: string]: string } = {
  invalid_auth: 'the bot token is wrong or was revoked',
  not_authed: 'the bot token is missing',
  account_inactive: 'the bot token was revoked',
  channel_not_found: 'there is no such conversation, or the app was not invited: /invite it',
  not_in_channel: 'the app is not in the conversation: /invite it',
  is_archived: 'the conversation is archived',
  missing_scope: 'the app lacks the scope chat:write: add it and install the app again',
};

export async function clear<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const code = (cause as { data?: { error?: unknown } }).data?.error;
    if (typeof code !== 'string') throw new Error('Slack could not be reached', { cause });
    throw new Error(`Slack answered ${code}${advice[code] ? `: ${advice[code]}` : ''}`, { cause });
  }
}
