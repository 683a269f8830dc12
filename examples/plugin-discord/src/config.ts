/** A Discord channel in `approval.channels`. */
import { isIP } from 'node:net';
import { secret } from '@gethelio/proxy/plugin';
import { z } from 'zod';

const snowflake = (what: string) =>
  z
    .string()
    .regex(/^\d{17,20}$/, `must be ${what} id: 17 to 20 digits, in quotes (Copy ID in Discord's developer mode)`);

export const entrySchema = z.strictObject({
  bot_token: secret(z.string().regex(/^[\w.-]+$/, 'must be the bare token, without "Bot " in front of it')).describe(
    "The bot's token: Developer Portal, Bot, Reset Token.",
  ),
  public_key: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits: Developer Portal, General Information, Public Key')
    .describe('The public key of the application: it proves that an answer comes from Discord.'),
  channel: snowflake("a channel's").describe('The id of the channel that tickets are posted to.'),
  approvers: z
    .array(
      z.union([
        snowflake("a user's"),
        z.strictObject({
          id: snowflake("a user's").describe('User id.'),
          name: z.string().min(1).describe('Name of the same person in dashboard.operators.'),
        }),
      ]),
    )
    .min(1)
    .describe(
      'Only these people decide: user ids, or { id, name } with the name of the same person in dashboard.operators, so that one person never counts twice.',
    ),
  api_url: z
    .url({ protocol: /^https?$/ })
    .refine((text) => isPrivate(text), 'must be https: the bot token is sent there')
    .default('https://discord.com/api/v10')
    .describe("The base of Discord's REST API. Only for tests and for proxies of your own."),
});
export type Entry = z.output<typeof entrySchema>;

/** https, or this very machine. */
function isPrivate(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  const bare = hostname.replace(/^\[|\]$/g, '');
  return (
    protocol === 'https:' || bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
  );
}

/** The names that people's votes count under. */
export const approverNames = ({ approvers }: Entry): readonly string[] =>
  approvers.map((approver) => (typeof approver === 'string' ? approver : approver.name));

/** The name that one person's vote counts under. Undefined: not one of the approvers. */
export function approverName({ approvers }: Entry, userId: string): string | undefined {
  for (const approver of approvers) {
    if (typeof approver === 'string' ? approver === userId : approver.id === userId)
      return typeof approver === 'string' ? approver : approver.name;
  }
  return undefined;
}
