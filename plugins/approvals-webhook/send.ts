/** Posts one signed message: four attempts, never a redirect, the same id each time so that the other side can tell. */
import { createHmac, randomUUID } from 'node:crypto';
import { request, type Agent } from 'undici';
import type { WebhookConfig } from './config.ts';
import { NotReachable } from './dial.ts';

const pausesMs = [500, 1_000, 2_000] as const;

export interface Sending {
  readonly agent: Agent;
  readonly config: WebhookConfig;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

/** Resolves when the other side said 2xx. Rejects with a sentence that holds no secret. */
export async function send(message: object, { agent, config, nowMs, signal }: Sending): Promise<string> {
  const id = randomUUID();
  const body = Buffer.from(JSON.stringify({ id, ...message }));
  let reason = '';
  for (let attempt = 0; attempt <= pausesMs.length; attempt++) {
    if (attempt > 0) await pause(pausesMs[attempt - 1]!, signal);
    if (signal.aborted) break;
    const said = await attemptOnce(agent, config, id, body, nowMs(), signal);
    if (said === undefined) return id;
    reason = said.reason;
    if (!said.again) break;
  }
  throw new Error(`the webhook did not take the message: ${reason}`);
}

async function attemptOnce(
  agent: Agent,
  config: WebhookConfig,
  id: string,
  body: Buffer,
  nowMs: number,
  signal: AbortSignal,
): Promise<{ readonly reason: string; readonly again: boolean } | undefined> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'helio-webhook/1',
    'x-helio-id': id,
    'x-helio-timestamp': timestamp,
    'x-helio-signature': sign(config.secret, timestamp, body),
  };
  try {
    const answer = await request(config.url, { method: 'POST', headers, body, dispatcher: agent, signal });
    await answer.body.dump();
    const status = answer.statusCode;
    if (status >= 200 && status < 300) return undefined;
    // undici follows no redirect by itself; where it points to nobody has checked.
    if (status >= 300 && status < 400)
      return { reason: `it answered ${status}, and redirects are not followed`, again: false };
    return { reason: `it answered ${status}`, again: status >= 500 || status === 429 || status === 408 };
  } catch (cause) {
    if (cause instanceof NotReachable) return { reason: cause.message, again: false };
    return { reason: (cause as { code?: string }).code ?? 'it could not be reached', again: true };
  }
}

/** `v1=` and the hex HMAC-SHA256 over `<timestamp>.<body>`. */
export function sign(secret: string, timestamp: string, body: Uint8Array): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
