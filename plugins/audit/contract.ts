/** What other plugins get from the audit trail: rows, reading, live rows, redaction - and where they add to it. */
import {
  defineExtension,
  defineService,
  type DecisionRecord,
  type Json,
  type JsonObject,
} from '@gethelio/proxy/plugin';

/**
 * One row as the API, the exports, the sinks and the commands show it. Redacted before it was stored. The keys of this
 * shape are stable; `null` stands where nothing is known.
 */
export interface AuditRow {
  /** Place in the hash chain, from 1, without gaps. */
  readonly seq: number;
  /** UUIDv7; of a call, the agent's `decision_id`. */
  readonly id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  /** `call`, `list`, `request`, `refusal`, `reload`, `notifications`, `repeated`, or what a plugin emitted. */
  readonly kind: string;
  readonly session: string | null;
  readonly session_source: string | null;
  readonly agent: string | null;
  readonly agent_source: string | null;
  /** The client's name and version as it told them. */
  readonly client: string | null;
  readonly door: string | null;
  readonly peer: string | null;
  readonly upstream: string | null;
  readonly method: string | null;
  /** The tool's or prompt's name, or the resource's URI. */
  readonly tool: string | null;
  /** As judged and sent; numbers are kept as exact text in exports. */
  readonly arguments: Json;
  /** As the client sent them, when a plugin rewrote them. */
  readonly sent_arguments: Json;
  readonly effect: string;
  readonly outcome: string;
  /** Code, sentence, rule and plugin of the verdict that decided. */
  readonly code: string | null;
  readonly reason: string | null;
  readonly rule: string | null;
  readonly plugin: string | null;
  readonly verdicts: Json;
  /** Every rule tried: kept for what was not simply allowed (`audit.trace: all` keeps it always). */
  readonly trace: Json;
  readonly evidence: Json;
  readonly approval: Json;
  /** Effects on limits and pots. */
  readonly limits: Json;
  /** Marks such as `destructive`. */
  readonly flags: Json;
  /** The answer, or its shape under `include_responses: summary`. */
  readonly answer: Json;
  /** `whole`, `summary` (by config), `shortened` (larger than `max_response_bytes`) or `none`. */
  readonly answer_form: string;
  readonly is_error: boolean;
  readonly error: string | null;
  readonly helio_ms: number;
  readonly waited_ms: number;
  readonly upstream_ms: number;
  readonly total_ms: number;
  readonly config_hash: string | null;
  readonly version: string;
  /** The Helio process that wrote the row. */
  readonly process: string;
  /** What a plugin or the kernel adds about this kind of record. */
  readonly data: Json;
  /** What `auditField` contributions added, by key. */
  readonly fields: Json;
  /** sha256 (hex) over the previous row's hash and this row's canonical form. */
  readonly hash: string;
}

/** A row in one line: what lists and live feeds show. */
export type AuditSummary = Pick<
  AuditRow,
  | 'seq'
  | 'id'
  | 'time'
  | 'kind'
  | 'session'
  | 'agent'
  | 'client'
  | 'upstream'
  | 'method'
  | 'tool'
  | 'effect'
  | 'outcome'
  | 'code'
  | 'reason'
  | 'rule'
  | 'plugin'
  | 'flags'
  | 'is_error'
  | 'error'
  | 'helio_ms'
  | 'waited_ms'
  | 'upstream_ms'
  | 'total_ms'
> & {
  /** The arguments in one line, at most 300 characters, `…` at the end when cut. */
  readonly arguments_line: string | null;
};

// -- Adding to the trail ----------------------------------------------------------------------------------------

/**
 * Adds a value to every row. Some keys have a place of their own in the row: `evidence` (the evidence chain), `approval`
 * (who, when, how long), `limits` (effects on limits and pots: an array, merged over all contributors), `flags` (short
 * marks: an array of strings, merged). All others stand in `fields`. Runs on the main thread for every record: read a
 * fact, return it, nothing more. Undefined adds nothing; a throw is logged and adds nothing.
 */
export interface AuditField {
  readonly key: string;
  value(record: DecisionRecord): Json | undefined;
}
export const auditField = defineExtension<AuditField>('audit.field');

/**
 * Receives every row, in order, after it is durable. Called with the next rows when the last `write` resolved; when it
 * rejects, the same rows come again later (1 s, doubling to 60 s). Where it was is kept in audit.db: a restart goes on
 * there. A slow sink slows nothing but itself. Of several processes on one file only one feeds a sink.
 */
export interface AuditSink {
  /** Unique; the place in the trail is kept under this name. */
  readonly name: string;
  /** Where a sink begins that was never there before: at the first row, or with the next one (default). */
  readonly from?: 'first' | 'next';
  /** Rows per `write`, at most (default 500). */
  readonly batchRows?: number;
  open?(): Promise<void>;
  /** Resolves when the rows are safe on the other side. Aborts at shutdown. */
  write(rows: readonly AuditRow[], signal: AbortSignal): Promise<void>;
  close?(): Promise<void>;
}
export const auditSink = defineExtension<AuditSink>('audit.sink');

// -- Redaction --------------------------------------------------------------------------------------------------

/** `audit.redact`, for everything that shows or stores what passed: events, tickets, evidence, logs. */
export interface Redact {
  /** False: nothing is configured, values come back untouched. */
  readonly active: boolean;
  /**
   * A copy with the configured keys and paths masked, hashed or dropped. `at` is where the value stands in a row
   * (`/arguments`, `/answer`, `/evidence`), for path rules.
   */
  value<T extends Json>(value: T, at?: string): T;
  /** The same for JSON text: exact numbers keep their text. `"(unreadable)"` for what cannot be looked through. */
  json(text: string, at?: string): string;
  /** Whether a value at these steps from the row is taken out, itself or with what it stands in. Reads no file. */
  hides(steps: readonly string[]): boolean;
  /** Replaces in a sentence every value that the rules take out of `source`. */
  text(sentence: string, source: Json, at?: string): string;
}
export const redact = defineService<Redact>('audit.redact');

// -- Reading ----------------------------------------------------------------------------------------------------

/** What to look for. Everything given must hold. Globs: `*` is any run of characters. */
export interface AuditQuery {
  /** The query language: `tool:stripe_* outcome:denied amount>100 "a phrase"`. */
  readonly q?: string;
  /** At most 1000; 50 by default. Newest first unless `order: asc`. */
  readonly limit?: number;
  readonly order?: 'asc' | 'desc';
  /** The `next` of the page before. */
  readonly cursor?: string;
}
export interface AuditPage {
  readonly rows: readonly AuditSummary[];
  /** Hand it in as `cursor` for the next page; absent at the end. */
  readonly next?: string;
  /** Rows that text search does not know yet: the index is filled in the background. */
  readonly unindexed: number;
}
export interface AuditFacets {
  /** Counts by value, largest first, at most 50 values each. */
  readonly facets: { readonly [field: string]: readonly { readonly value: string; readonly count: number }[] };
  readonly total: number;
  /** False when only the newest rows of a very large result were counted. */
  readonly complete: boolean;
}
export interface AuditTrail {
  query(query: AuditQuery): Promise<AuditPage>;
  row(id: string): Promise<AuditRow | undefined>;
  facets(query: AuditQuery): Promise<AuditFacets>;
  /** Rows, bytes, oldest and newest, unrecorded calls, sinks' places. */
  stats(): Promise<JsonObject>;
}
export const auditTrail = defineService<AuditTrail>('audit.trail');

/**
 * New rows as they become durable, those of other processes on the same file included (within a second). Slow
 * listeners lose nothing but their place: they get `resync` and read again with `since` or `query`.
 */
export interface AuditFeed {
  subscribe(listener: (event: AuditEvent) => void): () => void;
  /** Rows after `seq`, oldest first, at most `limit` (500); `resync` when there are more than that. */
  since(seq: number, limit?: number): Promise<{ readonly rows: readonly AuditSummary[]; readonly resync: boolean }>;
}
export type AuditEvent =
  | { readonly type: 'rows'; readonly rows: readonly AuditSummary[] }
  /** Too many rows passed to show them all: read again. `seq` is the newest. */
  | { readonly type: 'resync'; readonly seq: number };
export const auditFeed = defineService<AuditFeed>('audit.feed');
