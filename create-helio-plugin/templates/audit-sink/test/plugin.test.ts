import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { auditSinkContract } from '@gethelio/proxy/testing';
import { myPlugin } from '../src/index.ts';

// Every row once and in order, again after a failure, on where it was after a restart, no secret anywhere.
auditSinkContract(async () => {
  const token = 'secret-token-of-the-test';
  const rows: { readonly seq: number; readonly id: string }[] = [];
  let works = true;
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    if (!works || request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(503).end();
    const lines = Buffer.concat(chunks).toString().trim().split('\n');
    rows.push(...lines.map((line) => JSON.parse(line)));
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    plugin: myPlugin,
    config: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, token },
    received: () => rows,
    fails: (now: boolean) => void (works = !now),
    secrets: [token],
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
});
