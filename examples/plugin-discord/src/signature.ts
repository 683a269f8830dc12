/** Discord's request signature: Ed25519 over timestamp and body, as bytes (Discord's documentation, "Validating security request headers"). */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';

/** An older message may be a replay; a younger one comes from a clock that is wrong. */
export const windowMs = 5 * 60_000;

export interface Signed {
  /** `X-Signature-Ed25519`: 128 hexadecimal digits. */
  readonly signature: string | undefined;
  /** `X-Signature-Timestamp`: seconds since 1970. */
  readonly timestamp: string | undefined;
  readonly body: Uint8Array;
}

/** The key of an application, from the 64 hexadecimal digits of its Public Key. */
export function keyOf(publicKey: string): KeyObject {
  const x = Buffer.from(publicKey, 'hex').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** Whether the application's key signed exactly this, within five minutes. */
export function isSignedBy(key: KeyObject, { signature, timestamp, body }: Signed, nowMs: number): boolean {
  // Buffer.from stops at the first character that is no hexadecimal digit, so the shape is checked first.
  if (signature === undefined || !/^[0-9a-f]{128}$/i.test(signature)) return false;
  if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs - Number(timestamp) * 1000) > windowMs) return false;
  return verify(null, Buffer.concat([Buffer.from(timestamp), body]), key, Buffer.from(signature, 'hex'));
}
