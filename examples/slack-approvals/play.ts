/** The whole example without an account: demo shop, fake Slack, and the built Helio with this folder's helio.yaml. */
import { readFile } from 'node:fs/promises';
import { startHelioProcess } from '../../scripts/helio-process.mjs';
import { startFakeSlack, type FakeSlack } from '../../test/fixtures/fake-slack.ts';
import { startDemoUpstream } from '../demo-upstream/http.ts';

export interface Played {
  readonly slack: FakeSlack;
  readonly mcp: string;
  readonly dashboard: string | undefined;
  readonly apiSecret: string;
  /** Pays as an agent would; resolves with the text that the agent reads. */
  pay(amount: number): Promise<string>;
  stop(): Promise<void>;
}

const apiSecret = 'example-secret-that-nobody-uses-for-real';

export async function play(): Promise<Played> {
  const slack = await startFakeSlack();
  const shop = await startDemoUpstream({ port: 0 });
  const yaml = await readFile(new URL('./helio.yaml', import.meta.url), 'utf8');
  const helio = await startHelioProcess(
    // Free ports, so that the example runs beside a Helio of yours.
    yaml.replace('dashboard:\n', 'listen: { port: 0 }\nsdk: { enabled: false }\ndashboard:\n  port: 0\n'),
    {
      env: {
        UPSTREAM_URL: shop.url,
        HELIO_DASHBOARD_SECRET: apiSecret,
        SLACK_BOT_TOKEN: slack.token,
        SLACK_SIGNING_SECRET: slack.signingSecret,
        SLACK_CHANNEL: 'C0123456789',
        SLACK_API_URL: slack.apiUrl,
      },
    },
  );
  slack.setRequestUrl(`${helio.dashboard}/hooks/approvals-slack/interactions`);
  return {
    slack,
    mcp: helio.mcp,
    dashboard: helio.dashboard,
    apiSecret,
    pay: (amount) => pay(helio.mcp, amount),
    async stop() {
      await helio.stop();
      await shop.stop();
      await slack.stop();
    },
  };
}

async function pay(url: string, amount: number): Promise<string> {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
  const client = new Client({ name: 'example-agent', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)) as never);
  try {
    const result = await client.callTool({ name: 'create_payment', arguments: { amount, recipient: 'ACME' } });
    return (result.content as { text?: string }[]).map(({ text }) => text ?? '').join('\n');
  } finally {
    await client.close();
  }
}
