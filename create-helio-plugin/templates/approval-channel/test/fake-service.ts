/** The other side, for tests: takes messages, and answers as people would. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sign } from '../src/answer.ts';

export interface Message {
  readonly channel: string;
  readonly ticket: string;
  readonly event: string;
  readonly text?: string;
}

export async function startFakeService(secret: string) {
  const messages: Message[] = [];
  let works = true;
  let answerUrl = '';
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    if (!works) return void response.writeHead(500).end();
    messages.push(JSON.parse(body));
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    messages,
    answersTo: (url: string) => void (answerUrl = url),
    fails: () => void (works = false),
    /** Presses a button under the newest message; `change` is what a forger would change. */
    async press(
      decision: 'approve' | 'deny',
      user: string,
      change: { note?: string; sentAtMs?: number; secret?: string } = {},
    ) {
      const { channel, ticket } = messages.filter(({ text }) => text !== undefined).at(-1)!;
      const { note, sentAtMs = Date.now(), secret: key = secret } = change;
      const body = JSON.stringify({ channel, ticket, decision, user, note, sentAtMs });
      const headers = { 'content-type': 'application/json', 'x-signature': sign(Buffer.from(body), key) };
      const send = () => fetch(answerUrl, { method: 'POST', headers, body }).then(({ status }) => status);
      return { status: await send(), again: send };
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
