/** How an entry stands in the store: one document for every word that it satisfies. */
import { createHash } from 'node:crypto';
import { readStrict, readStrictText, writeJson, type Answer, type Json, type StoreOp } from '@gethelio/proxy/plugin';
import type { Redact } from '@gethelio/proxy/contracts/audit';
import type { CompiledPath, FoundValue } from '@gethelio/proxy/contracts/policy';
import type { StoredDocument } from '@gethelio/proxy/contracts/state';
import type { EvidenceSource, EvidenceView } from './contract.ts';

export const collection = 'evidence';
/** How long an expired entry is remembered, so that "expired" can be told apart from "missing". */
const rememberedMs = 60 * 60_000;

export interface Entry {
  readonly words: readonly string[];
  readonly source: EvidenceSource;
  readonly upstream: string | undefined;
  readonly atMs: number;
  readonly ttlMs: number;
  readonly values: { readonly [path: string]: readonly string[] };
}

/** Keys sort by session, then word: one word of one session is one prefix. */
export const keyPrefix = (session: string, word?: string): string =>
  `${encodeURIComponent(session)}/${word === undefined ? '' : `${encodeURIComponent(word)}/`}`;

/** The same evidence seen again replaces itself, so a session's entries are as many as there are different values. */
export function entryOps(session: string, entry: Entry, keepMs: number): StoreOp[] {
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([entry.source, entry.upstream, entry.values]))
    .digest('base64url')
    .slice(0, 22);
  const expiresAtMs = entry.atMs + Math.max(entry.ttlMs, keepMs) + rememberedMs;
  return entry.words.map((word) => ({
    op: 'put',
    collection,
    key: keyPrefix(session, word) + fingerprint,
    value: entry as unknown as Json,
    expiresAtMs,
  }));
}

/** The documents of the same entry under its other words: they go together. */
export function siblingKeys(key: string, entry: Entry): readonly string[] {
  const [session, , fingerprint] = key.split('/') as [string, string, string];
  return entry.words.map((word) => `${session}/${encodeURIComponent(word)}/${fingerprint}`);
}

export const entryOf = ({ value }: StoredDocument): Entry => value as unknown as Entry;

export function viewOf({ words, source, upstream, atMs, ttlMs, values }: Entry): EvidenceView {
  return { words, source, upstream: upstream ?? null, atMs, expiresAtMs: atMs + ttlMs, values };
}

/** The values that rules ask for, as exact JSON texts: an amount never becomes a binary float on its way. */
export function valuesAt(root: Json | undefined, paths: readonly CompiledPath[]): Entry['values'] {
  if (root === undefined) return {};
  const found = paths.map((path) => [path.text, (path.read(root) ?? []).map(jsonText)] as const);
  return Object.fromEntries(found.filter(([, texts]) => texts.length > 0));
}

function jsonText(found: FoundValue): string {
  const { value } = found;
  return (
    found.decimal() ?? (typeof value === 'object' && value !== null ? writeJson(value as never) : JSON.stringify(value))
  );
}

/** What a tool's answer says: its structured content, else the JSON in its first text. Undefined when there is neither. */
export function contentOf(answer: Answer): Json | undefined {
  const read = readStrict(answer.bytes);
  if (!read.ok) return undefined;
  const { structuredContent, content } = read.value as {
    structuredContent?: Json;
    content?: readonly { type?: Json; text?: Json }[];
  };
  if (structuredContent !== undefined) return structuredContent;
  const text = Array.isArray(content) ? content.find((block) => block?.type === 'text')?.text : undefined;
  return typeof text === 'string' ? jsonOf(text) : undefined;
}

/** `audit.redact` holds for what is kept as evidence. What cannot be looked through is not kept. */
export function withoutRedacted(
  content: Json | undefined,
  redact: Redact | undefined,
  places: readonly string[],
): Json | undefined {
  if (content === undefined || !redact?.active) return content;
  return jsonOf(places.reduce((text, place) => redact.json(text, place), writeJson(content)));
}

export function jsonOf(text: string): Json | undefined {
  const read = readStrictText(text);
  return read.ok ? (read.value as Json) : undefined;
}
