/** What `helio doctor` says of Slack: whether each channel's token is accepted. Nothing is posted. */
import type { DoctorFinding } from '@gethelio/proxy/plugin';
import { clear, type SlackChannel } from './channel.ts';

export async function askSlack(channels: readonly SlackChannel[]): Promise<readonly DoctorFinding[]> {
  return Promise.all(
    channels.map(async ({ desk, client }): Promise<DoctorFinding> => {
      try {
        const { team, user } = await clear(async () => (await client()).auth.test());
        return {
          state: 'ok',
          text: `"${desk.name}" is signed in${team ? ` to ${team}` : ''}${user ? ` as ${user}` : ''}`,
        };
      } catch (error) {
        return {
          state: 'fail',
          text: `"${desk.name}": ${(error as Error).message}`,
          fix: `check approval.channels.${desk.name}.bot_token`,
        };
      }
    }),
  );
}
