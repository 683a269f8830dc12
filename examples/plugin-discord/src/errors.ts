/** Everything that can go wrong with Discord: a code to search for, what is wrong, what to do. Never a secret. */

const table = {
  HELIO_DISCORD_UNAUTHORIZED: () => [
    'Discord does not accept the bot token',
    'reset it in the Developer Portal (Bot, Reset Token) and set the new one',
  ],
  HELIO_DISCORD_FORBIDDEN: ({ detail }) => [
    `the bot may not post to the channel (${detail})`,
    'invite it to the server and allow it View Channel, Send Messages and Embed Links there',
  ],
  HELIO_DISCORD_CHANNEL_UNKNOWN: () => [
    'there is no such channel, or the bot is not on its server',
    'copy the id of the channel once more, and invite the bot to the server',
  ],
  HELIO_DISCORD_REJECTED: ({ detail }) => [
    `Discord refused the request: ${detail}`,
    'look the number up under "JSON error codes" in the documentation of the Discord API',
  ],
  HELIO_DISCORD_RATE_LIMITED: ({ detail }) => [
    `Discord asks to wait ${detail} before the next message`,
    'ask less often: look for a rule that holds more calls than people can answer',
  ],
  HELIO_DISCORD_UNREACHABLE: ({ detail }) => [
    `Discord could not be reached (${detail})`,
    'look at the network of this machine, and at https://discordstatus.com',
  ],
  HELIO_DISCORD_KEY: () => [
    'the public key in helio.yaml is not the one of this application, so every answer would be refused as forged',
    'copy it from the Developer Portal, General Information, Public Key',
  ],
  HELIO_DISCORD_MESSAGE_GONE: () => ['the message was deleted in Discord', 'decide in the dashboard'],
  HELIO_DISCORD_SIGNATURE: () => [
    'the signature, or its time, is wrong',
    'only Discord can sign an answer; if this is Discord, compare public_key and the clock of this machine',
  ],
  HELIO_DISCORD_REPLAYED: () => ['this very message came before', 'nothing: it was counted the first time'],
  HELIO_DISCORD_INTERACTION: () => [
    'this is no interaction that Helio asked for',
    'use an application for Helio alone',
  ],
} satisfies Record<string, (params: { readonly detail: string }) => readonly [why: string, fix: string]>;

export type DiscordErrorCode = keyof typeof table;

/** Its message is kept beside the ticket and written to the log, so it says everything: why, what to do, the code. */
export interface DiscordError extends Error {
  readonly code: DiscordErrorCode;
  readonly why: string;
  readonly fix: string;
}

/** Makes (does not throw) an error. */
export function discordError(code: DiscordErrorCode, detail = '', cause?: unknown): DiscordError {
  const [why, fix] = table[code]({ detail });
  const error = new Error(`${why}; ${fix} (${code})`, cause === undefined ? undefined : { cause });
  return Object.assign(error, { code, why, fix });
}

/** By shape: two copies of this package can be loaded at once. */
export function isDiscordError(error: unknown): error is DiscordError {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('HELIO_DISCORD_');
}
