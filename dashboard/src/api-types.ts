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
    readonly lastReload: {
      readonly atMs: number;
      readonly ok: boolean;
      readonly hash: string;
      readonly error?: string;
    } | null;
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

/** One row of the trail in one line, as lists and the stream carry it. */
export interface CallRow {
  readonly seq: number;
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly kind: string;
  readonly session: string | null;
  readonly agent: string | null;
  readonly client: string | null;
  readonly upstream: string | null;
  readonly method: string | null;
  readonly tool: string | null;
  readonly effect: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly reason: string | null;
  readonly rule: string | null;
  readonly plugin: string | null;
  readonly flags: Json;
  readonly is_error: boolean;
  readonly error: string | null;
  readonly helio_ms: number;
  readonly waited_ms: number;
  readonly upstream_ms: number;
  readonly total_ms: number;
  readonly arguments_line: string | null;
}
/** `GET /api/audit/:id`: everything about one. */
export interface CallDetail extends Omit<CallRow, 'arguments_line'> {
  readonly session_source: string | null;
  readonly agent_source: string | null;
  readonly door: string | null;
  readonly peer: string | null;
  readonly arguments: Json;
  readonly sent_arguments: Json;
  readonly verdicts: Json;
  readonly trace: Json;
  readonly evidence: Json;
  readonly approval: Json;
  readonly limits: Json;
  readonly answer: Json;
  readonly answer_form: string;
  readonly config_hash: string | null;
  readonly version: string;
  readonly data: Json;
  readonly fields: Json;
  readonly hash: string;
}
export interface AuditPage {
  readonly rows: readonly CallRow[];
  readonly next?: string;
  readonly unindexed: number;
}
export interface AuditFacets {
  readonly facets: { readonly [field: string]: readonly { readonly value: string; readonly count: number }[] };
  readonly total: number;
  readonly complete: boolean;
}

/** `GET /api/approvals/:id`, as approvals/contract.ts says. */
export interface Ticket {
  readonly id: string;
  readonly state: string;
  readonly createdAtMs: number;
  readonly deadlineAtMs: number;
  readonly escalatedAtMs?: number;
  readonly decidedAtMs?: number;
  readonly decidedBecause?: string;
  readonly principal: string;
  readonly agent?: string;
  readonly session?: string;
  readonly client?: string;
  readonly upstream: string;
  readonly kind: string;
  readonly name: string;
  readonly argumentsText: string;
  readonly argumentsCut: boolean;
  readonly argumentsHash: string;
  readonly callId: string;
  readonly askers: readonly {
    readonly plugin: string;
    readonly code: string;
    readonly reason: string;
    readonly identity: string;
    readonly rule?: { readonly name: string; readonly line: number };
    readonly details?: JsonObject;
  }[];
  readonly channels: readonly string[];
  readonly delegates: readonly string[];
  readonly quorum: number;
  readonly approvers?: readonly string[];
  readonly scopes: readonly string[];
  readonly scope?: string;
  readonly votes: readonly {
    readonly decision: string;
    readonly approver: string;
    readonly channel: string;
    readonly atMs: number;
    readonly note?: string;
  }[];
  readonly deliveries: { readonly [channel: string]: { readonly state: string; readonly reason?: string } };
  readonly usedBy?: { readonly callId: string; readonly atMs: number };
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
  readonly hours: readonly {
    readonly atMs: number;
    readonly calls: number;
    readonly denied: number;
    readonly held: number;
  }[];
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
  readonly evidence: readonly {
    readonly words: readonly string[];
    readonly source: 'proxy' | 'sdk';
    readonly atMs: number;
    readonly expiresAtMs: number;
  }[];
  readonly completed: readonly {
    readonly tool: string;
    readonly status: 'success' | 'failure';
    readonly source: 'proxy' | 'sdk';
    readonly atMs: number;
  }[];
}

/** What `/api/events` carries. */
export interface StreamEvents {
  call: {
    readonly rows: readonly CallRow[];
    /** Left out because there were too many at once. */ readonly skipped: number;
  };
  approval: { readonly kind: string; readonly ticket: string; readonly data: JsonObject };
  budget: { readonly kind: string; readonly data: JsonObject };
  config: { readonly kind: string; readonly data: JsonObject };
  plugin: { readonly kind: string; readonly data: JsonObject };
  resync: { readonly why: string };
}

/** `GET /api/policies` */
export interface PolicyView {
  readonly rules: readonly RuleView[];
  readonly default: 'allow' | 'deny';
}
export interface RuleView {
  readonly name: string;
  readonly line: number;
  readonly action?: string | null;
  readonly mode: 'enforce' | 'shadow';
  readonly tags: readonly string[];
  readonly source: string;
  readonly warnings: readonly string[];
}

/** `POST /api/explain` */
export interface ExplainAnswer {
  readonly decision: {
    readonly effect: Effect;
    readonly verdicts: readonly {
      readonly effect: Effect;
      readonly code: string;
      readonly reason: string;
      readonly plugin: string;
      readonly rule?: { readonly name: string; readonly line: number };
    }[];
  };
  readonly feedback?: JsonObject | null;
  readonly trace?: Json;
  readonly steps?: readonly {
    readonly plugin: string;
    readonly stage: string;
    readonly verdicts: readonly { readonly effect: Effect; readonly code: string; readonly reason: string }[];
    readonly ms: number;
  }[];
}

/** `GET /api/catalogue`: what the upstreams advertise, as Helio knows it now. */
export interface CatalogueTool {
  readonly upstream: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  readonly definition: JsonObject;
}
