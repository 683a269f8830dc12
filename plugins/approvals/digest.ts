/** What an approval is bound to, as hashes: nothing that a person did not see can change under a yes. */
import { createHash, createHmac } from 'node:crypto';
import type { Call, Json, ToolDefinition } from '@gethelio/proxy/plugin';

export function sha256(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  // Lengths in front: ["ab","c"] and ["a","bc"] are two things.
  for (const part of parts) hash.update(`${part.length}:`).update(Buffer.from(part, 'utf16le'));
  return hash.digest('hex');
}

/**
 * Who asks for exactly what: one open ticket per subject. `Call.digest()` holds upstream, kind, name and arguments.
 * Keyed, and with it all that is made of it: digests and grants stand in events, messages and lists, and whoever reads
 * a plain hash of short arguments can find them by trying.
 */
export function subjectOf(key: Uint8Array, principal: string, call: Call): string {
  return keyedSubject(key, sha256('subject', principal, call.digest()));
}

export function keyedSubject(key: Uint8Array, plain: string): string {
  return `k${hmac(key, `subject:${plain}`)}`;
}

/** As versions before keys kept it. */
export const isPlain = (subject: string): boolean => /^[0-9a-f]{64}$/.test(subject);

/** What is shown of a call's arguments: the same for the same ones, and nothing to guess them by. */
export function fingerprint(key: Uint8Array, callDigest: string): string {
  return hmac(key, `arguments:${callDigest}`);
}

const hmac = (key: Uint8Array, text: string): string => createHmac('sha256', key).update(text).digest('hex');

/** Where a yes for a session hangs: this tool, whatever its arguments. */
export function sessionSubjectOf(principal: string, session: string, call: Call): string {
  return sha256('session', principal, session, call.upstream, call.kind, call.name);
}

// A definition is the same object call after call, as long as the catalogue did not change.
const hashes = new WeakMap<ToolDefinition, string>();

/** The whole definition as the upstream sent it, keys sorted. Empty for resources and prompts. */
export function definitionHash(tool: ToolDefinition | undefined): string {
  if (tool === undefined) return '';
  let hash = hashes.get(tool);
  if (hash === undefined) {
    hash = sha256('definition', sorted(tool.raw));
    hashes.set(tool, hash);
  }
  return hash;
}

export function ticketDigest(subject: string, definition: string, identities: readonly string[]): string {
  return sha256('ticket', subject, definition, ...identities);
}

function sorted(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  const object = value as { readonly [key: string]: Json };
  const members = Object.keys(object).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${sorted(object[key]!)}`).join(',')}}`;
}
