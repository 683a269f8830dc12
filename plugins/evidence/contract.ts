/** Evidence that others bring (the SDK's `mark_evidence`), and what a session has. */
import { defineFact, defineService, type Json, type JsonObject } from '@gethelio/proxy/plugin';

/** `proxy`: Helio saw the call succeed. `sdk`: the application says so. */
export type EvidenceSource = 'proxy' | 'sdk';

/** One entry, as people see it. Only the values at paths that rules name are kept. */
export interface EvidenceView {
  /** The words that it satisfies: its name and, where there is one, its key. */
  readonly words: readonly string[];
  readonly source: EvidenceSource;
  readonly upstream: string | null;
  readonly atMs: number;
  readonly expiresAtMs: number;
  /** Path to the JSON texts found there. */
  readonly values: { readonly [path: string]: readonly string[] };
}

export interface EvidenceBook {
  /** Records evidence of the SDK. `data` is any JSON text; durable when it resolves. */
  mark(entry: {
    readonly session: string;
    readonly name: string;
    readonly key?: string;
    readonly dataText?: string;
    readonly ttlMs?: number;
  }): Promise<EvidenceView>;
  /** What a session has, newest first, expired entries left out. At most 1,000. */
  of(session: string): Promise<readonly EvidenceView[]>;
}
export const evidenceBook = defineService<EvidenceBook>('evidence.book');

/** The evidence that this call stands on: the audit's evidence chain. */
export const evidenceChain = defineFact<readonly JsonObject[]>('evidence.chain');
export type { Json };
