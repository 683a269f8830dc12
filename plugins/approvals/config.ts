/** The section `approval` and the rule field `approval`: their schemas and defaults. */
import { duration } from '@gethelio/proxy/plugin';
import { z } from 'zod';

const oneOrMore = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((value): readonly string[] => (typeof value === 'string' ? [value] : value));

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** An entry of `channels`, before the schema of its type is known. */
export const channelEntry = z.looseObject({
  type: z.string().min(1).describe('The kind of channel: dashboard, slack, webhook, or one that a plugin adds.'),
  name: z.string().min(1).optional().describe('What rules call it. Default: its type.'),
});

export const sectionSchema = z.strictObject({
  timeout: duration().default(300_000).describe('A ticket nobody decided is denied after this time. Default 300s.'),
  wait: duration().default(45_000).describe('How long a call is held before the agent gets "pending". Default 45s.'),
  channel: oneOrMore.optional().describe('Where rules ask that name no channel. Default: every channel there is.'),
  channels: z.array(channelEntry).default([]).describe('The channels that people answer on.'),
  max_pending: z.int().min(1).max(100_000).default(20).describe('Open tickets per principal. Default 20.'),
  deny_memory: duration()
    .default(5 * minuteMs)
    .describe('After a deny the same call is refused this long without a new ticket. Default 5m.'),
  grant_lifetime: duration()
    .default(15 * minuteMs)
    .describe('An approval nobody used is void after this time. Default 15m.'),
  session_grant_lifetime: duration()
    .default(8 * 60 * minuteMs)
    .describe('An approval for a session is void after this time. Default 8h.'),
  keep_decided: duration()
    .refine((ms) => ms >= minuteMs, 'must be at least 1m: waiting calls read there how their ticket ended')
    .default(30 * dayMs)
    .describe('How long decided tickets stay in the inbox; the audit trail keeps its own. Default 30d.'),
  legs: z.int().min(0).max(9).default(8).describe('How often a 2026-07-28 client is asked to come back. Default 8.'),
  on_shutdown: z
    .enum(['keep', 'cancel'])
    .default('keep')
    .describe('keep: open tickets wait for the next start. cancel: those of this process end. Default keep.'),
});
export type Section = z.output<typeof sectionSchema>;

/** Beside `action: require_approval`. */
export const fieldSchema = z.strictObject({
  channel: oneOrMore.optional().describe('One channel or several. Default: approval.channel, else every channel.'),
  timeout: duration().optional().describe('Default: approval.timeout.'),
  escalation_after: duration().optional().describe('Then the delegates hear of it and may decide.'),
  delegates: oneOrMore.optional().describe('Channels that hear of it after escalation_after.'),
  quorum: z.int().min(1).max(20).default(1).describe('How many different people must say yes. Default 1.'),
  approvers: oneOrMore.optional().describe('Only these people may decide. Default: whoever the channels let in.'),
  scopes: z
    .array(z.enum(['once', 'session']))
    .min(1)
    .default(['once'])
    .describe('What the person may choose. once: this call. session: this tool for the session. Default [once].'),
});
export type Field = z.output<typeof fieldSchema>;
