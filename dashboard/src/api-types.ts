/** The shapes that the pages read from the operator's API and from its event stream. */
import type { ExactNumber } from './app/exact-json.ts';

export type Json = null | boolean | number | string | ExactNumber | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };
export type Effect = 'allow' | 'hold' | 'simulate' | 'deny';

/** `GET /api/session`, and what `POST /api/login` answers. */
export interface SessionInfo {
  readonly name: string;
  readonly how: 'session' | 'bearer' | 'open';
  /** Sent back as `x-helio-csrf` with everything that changes something. */
  readonly csrf: string;
  readonly expiresAtMs: number | null;
}

/** `GET /api/status` */
export interface Status {
  readonly version: string;
  readonly mode: 'enforcing' | 'audit-only' | 'dry-run';
  /** A sentence for the top of the overview. */
  readonly sentence: string;
  readonly ruleCount: number;
  readonly defaultEffect: 'allow' | 'deny' | null;
  readonly startedAtMs: number;
  readonly environment: string | null;
  readonly config: {
    readonly path: string;
    readonly name: string;
    readonly hash: string;
    readonly generation: number;
    readonly loadedAtMs: number;
    readonly warnings: readonly string[];
    readonly lastReload: { readonly atMs: number; readonly ok: boolean; readonly hash: string; readonly error?: string } | null;
  };
  readonly plugins: readonly string[];
  readonly upstreams: readonly Upstream[];
  /** Where agents connect: `http://127.0.0.1:3000/mcp`. */
  readonly endpoint: string;
  /** Open tickets. */
  readonly waiting: number;
}
export interface Upstream {
  readonly name: string;
  readonly transport: 'http' | 'stdio' | 'sse';
  readonly state: 'up' | 'down' | 'unknown';
  readonly detail: string;
}

/** One row of the trail, as lists and the stream carry it. */
export interface CallRow {
  readonly id: string;
  readonly atMs: number;
  readonly kind: string;
  readonly tool: string;
  readonly upstream: string;
  readonly session: string;
  readonly agent: string;
  readonly arguments: Json;
  readonly effect: Effect | '';
  readonly outcome: string;
  /** The reason code: `rate_limited`, `policy_denied`, ... */
  readonly code: string;
  readonly reason: string;
  readonly rule: { readonly name: string; readonly line: number } | null;
  readonly helioMs: number;
  readonly waitedMs: number;
  readonly upstreamMs: number;
  /** Identical refusals of a flood share one row. */
  readonly count: number;
  /** Irreversible tools, shadow rules, drift. */
  readonly marks: readonly string[];
}

/** `GET /api/plugins` */
export interface PluginRow {
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  readonly source: 'standard' | 'package' | 'file';
  readonly implied: boolean;
  readonly taps: readonly { readonly hook: string; readonly stage: string; readonly place: number }[];
  readonly needs: readonly string[];
  readonly wants: readonly string[];
  readonly provides: readonly string[];
  readonly owns: readonly string[];
  readonly reaches: { readonly network: readonly string[]; readonly secrets: readonly string[] };
  readonly calls: number;
  readonly failures: number;
  readonly lastFailure?: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly config: Json;
}

/** `GET /api/panels` */
export interface Panel {
  readonly plugin: string;
  readonly slot: 'page' | 'overview-card' | 'call-section' | 'settings';
  readonly title: string;
  readonly element: string;
  /** `/plugins/<name>/panel.js` */
  readonly module: string;
  readonly icon: string | null;
}

/** `GET /api/overview` */
export interface Overview {
  /** Oldest hour first, 24 of them. */
  readonly hours: readonly { readonly atMs: number; readonly calls: number; readonly denied: number; readonly held: number }[];
  readonly spend: readonly { readonly currency: string; readonly amount: string }[];
  readonly denials: readonly CallRow[];
  readonly any: boolean;
}

/** `GET /api/sessions` */
export interface SessionRow {
  readonly id: string;
  readonly agent: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly calls: number;
  readonly denied: number;
  readonly held: number;
}
/** `GET /api/sessions/:id` */
export interface SessionDetail extends SessionRow {
  readonly rows: readonly CallRow[];
  readonly evidence: readonly { readonly name: string; readonly key: string; readonly source: string; readonly atMs: number; readonly expiresAtMs: number | null; readonly used: boolean }[];
  readonly completed: readonly { readonly tool: string; readonly atMs: number; readonly success: boolean }[];
  readonly pots: readonly { readonly name: string; readonly used: string; readonly limit: string; readonly currency: string }[];
}

/** What `/api/events` carries. */
export interface StreamEvents {
  call: { readonly rows: readonly CallRow[]; /** Left out because there were too many at once. */ readonly skipped: number };
  approval: { readonly kind: string; readonly ticket: string; readonly data: JsonObject };
  budget: { readonly kind: string; readonly data: JsonObject };
  config: { readonly kind: string; readonly data: JsonObject };
  plugin: { readonly kind: string; readonly data: JsonObject };
  resync: { readonly why: string };
}
