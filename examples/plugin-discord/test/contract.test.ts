import { approvalChannelContract } from '@gethelio/proxy/testing';
import { discord } from '../src/index.ts';
import { startFakeDiscord } from './fake-discord.ts';

const ada = '100000000000000001';

// Shows the whole call, deceives nobody, hands in a yes and a no, survives a failed delivery, keeps its secrets.
approvalChannelContract(async () => {
  const fake = await startFakeDiscord();
  return {
    plugin: discord,
    entry: {
      type: 'discord',
      bot_token: fake.token,
      public_key: fake.publicKey,
      channel: fake.channel,
      approvers: [ada],
      api_url: fake.url,
    },
    ready: (operatorUrl) => fake.useEndpoint(`${operatorUrl}/hooks/discord/interactions`),
    shown: () =>
      fake.messages.map(({ content, embeds }) =>
        [content, ...embeds.map(({ description, footer }) => `${description}\n${footer.text}`)].join('\n'),
      ),
    async answer(decision, note) {
      await fake.press(decision, ada);
      if (decision === 'deny') await fake.submit(fake.modals[0]!, ada, note ?? '');
    },
    fails: () => fake.answers(401, { message: '401: Unauthorized', code: 0 }),
    secrets: [fake.token],
    close: () => fake.stop(),
  };
});
