/** Whose secret this is. Compared in constant time, against every entry, so that the time says nothing. */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface Credential {
  readonly name: string;
  /** sha256 of the secret: equal lengths for the comparison, and the secret itself is not kept. */
  readonly digest: Buffer;
}

export function createCredential(name: string, secret: string): Credential {
  return { name, digest: digestOf(secret) };
}

export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** The credential that a secret belongs to. */
export function findCredential(credentials: readonly Credential[], secret: string): Credential | undefined {
  const digest = digestOf(secret);
  let found: Credential | undefined;
  for (const credential of credentials) {
    if (timingSafeEqual(credential.digest, digest)) found ??= credential;
  }
  return found;
}
