/** Slack's request signature, version v0 (docs.slack.dev/authentication/verifying-requests-from-slack). */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Slack's own advice: what is older than five minutes may be a replay. */
export const windowMs = 5 * 60_000;

/** Whether Slack signed these bytes with this secret, within five minutes. Constant time. */
export function isSignedBySlack(
  signingSecret: string,
  headers: { readonly signature: string | undefined; readonly timestamp: string | undefined },
  body: Uint8Array,
  nowMs: number,
): boolean {
  const { signature, timestamp } = headers;
  if (signature === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs - Number(timestamp) * 1000) > windowMs) return false;
  const wanted = Buffer.from(sign(signingSecret, timestamp, body));
  const given = Buffer.from(signature);
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

export function sign(signingSecret: string, timestamp: string, body: Uint8Array): string {
  return `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
}
