/**
 * Further legs of a held call for 2026-07-28 clients: `input_required` with nothing but a sealed state, which makes the
 * client come back by itself, each time with a fresh timer (protocol: SDK clients do so ten times).
 *
 * The state only counts legs: what a call waits for hangs on who it is and what it asks, never on what it carries.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Helio's own states start so, and never reach an upstream. */
export const statePrefix = 'helio.approval.';

export function sealLeg(key: Uint8Array, subject: string, leg: number, untilMs: number): string {
  const body = `${leg}.${untilMs}`;
  return `${statePrefix}${body}.${mac(key, subject, body)}`;
}

/** The number of the leg that came back; 0 for a first leg and for whatever Helio did not hand to this caller. */
export function openLeg(key: Uint8Array, subject: string, state: string | undefined, nowMs: number): number {
  const found = /^helio\.approval\.((\d{1,2})\.(\d{1,15}))\.([\w-]{43})$/.exec(state ?? '');
  if (!found) return 0;
  const [, body, leg, untilMs, sealed] = found;
  const isOurs = timingSafeEqual(Buffer.from(sealed!), Buffer.from(mac(key, subject, body!)));
  return isOurs && Number(untilMs) > nowMs ? Number(leg) : 0;
}

function mac(key: Uint8Array, subject: string, body: string): string {
  return createHmac('sha256', key).update(`${subject}.${body}`).digest('base64url');
}
