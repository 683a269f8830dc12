/** What the main thread and the two kinds of workers say to each other. */
import type { PackedRow } from './pack.ts';
import type { RedactRule } from './redact/rules.ts';
import type { ChainPlace } from './store/append.ts';

/** What the writer follows; a reload sends it again. */
export interface WriterSettings {
  readonly includeResponses: boolean | 'summary';
  readonly maxResponseBytes: number;
  readonly redact: readonly RedactRule[];
  readonly ageMs: number | undefined;
  readonly sizeBytes: number | undefined;
}
export interface WriterStart {
  readonly path: string;
  readonly stateDir: string;
  readonly fsync: boolean;
  readonly process: ProcessIdentity;
  readonly settings: WriterSettings;
  /** How far Helio's clock is from the system's: 0 but in tests. */
  readonly driftMs: number;
  /** Tests: smaller segments' age, faster beats. */
  readonly beatMs?: number;
}
/** Who wrote an intent, and how to tell whether it lives. */
export interface ProcessIdentity {
  readonly id: string;
  /** Machine, boot and pid namespace: pids mean something only within one. */
  readonly host: string;
  readonly pid: number;
  /** When the process began, as the system counts; empty where the system does not tell. */
  readonly started: string;
}

/** Rows in columns: `cells` holds `packedColumns.length` values per row. All answers stand in one transferred buffer. */
export interface Batch {
  readonly rows: number;
  readonly cells: readonly (string | number | null)[];
  /** Per row: kind, size, offset in `bytes` (-1: not sent), or an empty kind for none. */
  readonly answers: readonly (string | number)[];
  readonly bytes: ArrayBuffer;
}

export type ToWriter =
  | { readonly type: 'batch'; readonly number: number; readonly batch: Batch }
  | { readonly type: 'settings'; readonly settings: WriterSettings }
  | { readonly type: 'ask'; readonly number: number; readonly question: WriterQuestion }
  | { readonly type: 'stop' };
export type WriterQuestion =
  /** Which of these processes are gone for good. */
  | { readonly ask: 'gone'; readonly processes: readonly string[] }
  /** Takes or renews the right to feed a sink; answers with the place to go on from, or undefined. */
  | { readonly ask: 'holdSink'; readonly name: string; readonly from: 'first' | 'next'; readonly forMs: number }
  | { readonly ask: 'moveSink'; readonly name: string; readonly seq: number; readonly forMs: number }
  /** Which of these ids are on record already. */
  | { readonly ask: 'recorded'; readonly ids: readonly string[] }
  | { readonly ask: 'prune' };

export type FromWriter =
  | { readonly type: 'ready'; readonly head: number; readonly notice?: string }
  | { readonly type: 'broken'; readonly failure: StoreFailure }
  | { readonly type: 'done'; readonly number: number; readonly head: number }
  | { readonly type: 'failed'; readonly number: number; readonly failure: StoreFailure }
  | { readonly type: 'answer'; readonly number: number; readonly answer: unknown }
  | { readonly type: 'unanswered'; readonly number: number; readonly failure: StoreFailure }
  | { readonly type: 'log'; readonly level: 'info' | 'warn'; readonly message: string };
export interface StoreFailure {
  readonly why: 'full' | 'busy' | 'other';
  readonly message: string;
  readonly code?: string;
}

export const packedColumns = [
  'id',
  'at',
  'kind',
  'method',
  'tool',
  'upstream',
  'session',
  'session_source',
  'agent',
  'agent_source',
  'client',
  'door',
  'peer',
  'effect',
  'outcome',
  'code',
  'rule',
  'plugin',
  'is_error',
  'helio_us',
  'waited_us',
  'upstream_us',
  'config_hash',
  'version',
  'process',
  'arguments',
  'sent_arguments',
  'detail',
  'error',
] as const satisfies readonly (keyof PackedRow)[];

export type { ChainPlace };
