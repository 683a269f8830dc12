import { approvalChannelContract } from '@gethelio/proxy/testing';
import { startFakeSlack } from '../../../test/fixtures/fake-slack.ts';
import { approvalsSlack } from '../index.ts';

approvalChannelContract(async () => {
  const slack = await startFakeSlack();
  return {
    plugin: approvalsSlack,
    entry: {
      type: 'slack',
      bot_token: slack.token,
      signing_secret: slack.signingSecret,
      channel: 'C0123456789',
      approvers: ['U1'],
      api_url: slack.apiUrl,
    },
    ready: (operatorUrl) => slack.setRequestUrl(`${operatorUrl}/hooks/approvals-slack/interactions`),
    shown: () => slack.messages.map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`),
    async answer(decision, note) {
      await slack.press({ action: decision, user: 'U1' });
      if (decision === 'deny') await slack.submit(slack.views[0]!, 'U1', note ?? '');
    },
    fails: () => slack.fails({ status: 200, error: 'invalid_auth' }),
    secrets: [slack.token, slack.signingSecret],
    close: () => slack.stop(),
  };
});
