/** What `helio doctor` says of Discord: token, key, endpoint and channel. Nothing is posted. */
import type { DoctorFinding } from '@gethelio/proxy/plugin';
import { isKeyOf, type DiscordChannel } from './channel.ts';
import { discordError, isDiscordError } from './errors.ts';

export async function askDiscord(
  channels: readonly DiscordChannel[],
  signal: AbortSignal,
): Promise<readonly DoctorFinding[]> {
  return Promise.all(
    channels.map(async ({ entry, desk, rest }): Promise<DoctorFinding> => {
      try {
        const application = await rest.ask('GET', '/applications/@me', undefined, signal);
        if (!isKeyOf(application, entry)) throw discordError('HELIO_DISCORD_KEY');
        const channel = await rest.ask('GET', `/channels/${entry.channel}`, undefined, signal);
        const endpoint = application['interactions_endpoint_url'];
        if (typeof endpoint !== 'string' || !endpoint.endsWith('/hooks/discord/interactions'))
          return {
            state: 'warn',
            text: `"${desk.name}": the application has no Interactions Endpoint URL of Helio, so nobody's answer arrives`,
            fix: 'set it to <public address>/hooks/discord/interactions while Helio runs: Developer Portal, General Information',
          };
        return {
          state: 'ok',
          text: `"${desk.name}" posts to #${String(channel['name'] ?? entry.channel)} as ${String(application['name'])}`,
        };
      } catch (error) {
        if (!isDiscordError(error)) throw error;
        return { state: 'fail', text: `"${desk.name}": ${error.why} (${error.code})`, fix: error.fix };
      }
    }),
  );
}
