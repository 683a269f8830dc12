import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { approvalChannelContract } from '@gethelio/proxy/testing';
import { approvalsWebhook } from '../index.ts';

approvalChannelContract(async () => {
  const messages: any[] = [];
  let status = 204;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      if (status === 204) messages.push(JSON.parse(text));
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const secret = 'contract-webhook-secret';
  const requests = () => messages.filter(({ type }) => type === 'approval.requested');
  return {
    plugin: approvalsWebhook,
    entry: { type: 'webhook', url: `http://127.0.0.1:${port}/`, secret, allow_hosts: ['127.0.0.1'] },
    shown: () => requests().map((message) => JSON.stringify(message)),
    async answer(decision, reason) {
      await fetch(requests().at(-1).decision.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ decision, ...(reason && { reason }) }),
      });
    },
    fails: () => void (status = 400),
    secrets: [secret],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
});
