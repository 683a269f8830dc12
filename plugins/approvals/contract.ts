/** Tickets, grants and channels: what a channel fills in, and what other plugins read about an approval. */
import {
  defineExtension,
  defineFact,
  defineService,
  type Awaitable,
  type Json,
  type JsonObject,
  type Log,
} from '@gethelio/proxy/plugin';
import type { z } from 'zod';

/** `pending` is the only state that changes; every other one is final. */
export type TicketState =
  'pending' | 'approved' | 'denied' | 'timeout' | 'break_glass' | 'shutdown_cancelled' | 'superseded';

/** How far a yes reaches. `once`: one call with exactly these arguments. `session`: this tool, in this session. */
export type Scope = 'once' | 'session';

/** Why a person is asked: one entry per verdict that holds the call. */
export interface Asker {
  readonly plugin: string;
  readonly code: string;
  readonly reason: string;
  /**
   * What the yes is bound to: a rule's identity, a pot's name. Never a number that changes from call to call. A verdict
   * that holds says it in `details.approval.identity` (`PLUGIN:...`); left out: its plugin, code and rule.
   */
  readonly identity: string;
  readonly rule?: { readonly name: string; readonly line: number };
  readonly details?: JsonObject;
}

/** One person's word on a ticket. */
export interface Vote {
  readonly decision: 'approve' | 'deny';
  /** Who it was, as the channel authenticated them; counted once per quorum. */
  readonly approver: string;
  readonly channel: string;
  readonly atMs: number;
  readonly note?: string;
}

export interface Delivery {
  readonly state: 'trying' | 'delivered' | 'failed';
  readonly atMs: number;
  /** What the channel needs to find its message again (a Slack timestamp). */
  readonly handle?: Json;
  readonly reason?: string;
}

/** An approval that was asked for. Times are milliseconds since 1970. */
export interface Ticket {
  /** `apr_...`; sorts by time. */
  readonly id: string;
  readonly state: TicketState;
  readonly createdAtMs: number;
  /** Then it is denied: there is no "allow on timeout". */
  readonly deadlineAtMs: number;
  readonly escalateAtMs?: number;
  readonly escalatedAtMs?: number;
  readonly decidedAtMs?: number;
  /** Why it ended as it did, where somebody said so. */
  readonly decidedBecause?: string;
  /** The agent, else the session, else `anonymous`. */
  readonly principal: string;
  readonly agent?: string;
  readonly session?: string;
  /** What the client calls itself. Never an identity. */
  readonly client?: string;
  readonly upstream: string;
  readonly kind: 'tool' | 'resource' | 'prompt';
  readonly name: string;
  /**
   * The arguments as JSON with the client's exact numbers, indented, without what `audit.redact` takes out. Cut after
   * 256 KiB; `argumentsHash` is over all.
   */
  readonly argumentsText: string;
  readonly argumentsCut: boolean;
  /**
   * HMAC-SHA256 (hex) over the canonical arguments with the tool's address (`Call.digest()`), with a key that never leaves
   * this installation's state store: the same for the same arguments, and nothing to find short ones by.
   */
  readonly argumentsHash: string;
  /** sha256 of the tool's definition; empty where there is none (resources, prompts). */
  readonly definition: string;
  /** Over principal, arguments (keyed), definition and askers: what a yes is a yes to. */
  readonly digest: string;
  /** The call that asked first. */
  readonly callId: string;
  readonly askers: readonly Asker[];
  readonly channels: readonly string[];
  /** Channels that hear of it when it escalates. */
  readonly delegates: readonly string[];
  readonly quorum: number;
  /** Only these may decide; left out: whoever the channels let in. */
  readonly approvers?: readonly string[];
  readonly scopes: readonly Scope[];
  readonly votes: readonly Vote[];
  /** What the deciding person chose. */
  readonly scope?: Scope;
  readonly deliveries: { readonly [channel: string]: Delivery };
  /** The call that used the grant. */
  readonly usedBy?: { readonly callId: string; readonly atMs: number };
}

/** An approval that was given. `once` is used up in the transaction that lets the call go. */
export interface Grant {
  readonly id: string;
  readonly ticket: string;
  readonly scope: Scope;
  readonly by: readonly string[];
  readonly breakGlass: boolean;
  /** When the ticket was made: evidence that was fresh then counts (architecture: judged again). */
  readonly askedAtMs: number;
  readonly givenAtMs: number;
  readonly expiresAtMs: number;
  readonly principal: string;
  readonly session?: string;
  readonly upstream: string;
  readonly kind: Ticket['kind'];
  readonly name: string;
  readonly definition: string;
  /** The askers' identities that the yes covers. */
  readonly covers: readonly string[];
}

/** Set when a grant lets this call go: a pot that holds (`on_exceed: require_approval`) takes without its limit then. */
export const grant = defineFact<Grant>('approvals.grant');
/** Set when a ticket stands behind this call, whatever became of it. */
export const ticket = defineFact<{ readonly id: string; readonly digest: string }>('approvals.ticket');
/**
 * Set in onRequest for a repeat whose yes is there: when the person was asked, epoch milliseconds. What was fresh then
 * (evidence, prerequisites) still counts.
 */
export const askedAt = defineFact<number>('approvals.asked-at');

// -- Channels ---------------------------------------------------------------------------------------------------

/**
 * A kind of channel: an entry of `approval.channels` with this `type`.
 *
 *     contribute(approvalChannel, { type: 'discord', schema: z.strictObject({ webhook: secret() }), open: (config) => ... })
 */
export interface ChannelType<Config = any> {
  readonly type: string;
  /** The entry without `type` and `name`, which every channel has. A strict object. */
  readonly schema: z.ZodType<Config>;
  /** Exists under this name without an entry in `approval.channels` (the dashboard). Its schema must take `{}`. */
  readonly always?: string;
  /** Makes a channel. No I/O here: it also runs when helio.yaml is only checked. */
  open(config: Config, desk: ChannelDesk): ApprovalChannel;
}
export const approvalChannel = defineExtension<ChannelType<any>>('approvals.channel');

export interface ApprovalChannel {
  /**
   * Who can decide here: names, or `anyone` (people are told apart, no list), or `one` (nobody is told apart: every
   * answer counts as the channel's own name). A quorum above one needs that many.
   */
  readonly people: 'anyone' | 'one' | readonly string[];
  /** I/O may begin. A failure is logged and does not stop Helio: a ticket then fails to deliver, with a warning. */
  start?(signal: AbortSignal): Awaitable<void>;
  /**
   * Shows a ticket (`requested`, or `escalated` to a delegate). Resolves when people can see it, with whatever `update`
   * needs to find it again. Rejects with an Error whose message says why: it is logged, emitted and kept beside the
   * ticket, which lives on. `signal` aborts after 30 s. Left out: people look it up themselves (the dashboard).
   */
  show?(ticket: Ticket, event: 'requested' | 'escalated', signal: AbortSignal): Promise<Json | void>;
  /** The ticket changed: a vote was counted, or it ended. Optional; never retried by Helio. */
  update?(ticket: Ticket, handle: Json | undefined, signal: AbortSignal): Promise<void>;
  close?(): Awaitable<void>;
}

/** What a channel may do, under its own name only. */
export interface ChannelDesk {
  /** The channel's name in helio.yaml. */
  readonly name: string;
  readonly log: Log;
  readonly nowMs: () => number;
  /**
   * Hands in what a person said. The channel vouches for `approver`: it is what the session or the signature proved,
   * never what a body claims. Never throws for a late or unentitled answer.
   */
  decide(answer: {
    readonly ticket: string;
    readonly decision: 'approve' | 'deny';
    readonly approver: string;
    readonly note?: string;
    readonly scope?: Scope;
  }): Promise<Decided>;
  /** The ticket as it stands now. */
  ticket(id: string): Promise<Ticket | undefined>;
  /** True the first time, false ever after, across processes and restarts, until it expires: replays of callbacks. */
  first(nonce: string, expiresAtMs: number): Promise<boolean>;
  /** A key of this installation for this channel, made once: seals what comes back from outside. */
  key(): Promise<Uint8Array>;
  /** Records something that people should know: a forged callback. */
  emit(kind: string, data: JsonObject): void;
}

export type Decided =
  /** `counted`: a quorum is not complete yet. */
  | { readonly ok: true; readonly ticket: Ticket; readonly counted: boolean }
  | {
      readonly ok: false;
      /** `decided`: the ticket is in a final state. `voted`: this approver has said so before. */
      readonly why: 'unknown' | 'decided' | 'voted' | 'not_an_approver' | 'bad_scope';
      /** A sentence for the person. */
      readonly reason: string;
      readonly ticket?: Ticket;
    };

// -- For pages, commands and the REST API --------------------------------------------------------------------------

export interface ApprovalDesk {
  /** Newest first for decided ones, oldest deadline-bound first for pending ones; `cursor` is the last id seen. */
  list(query: {
    readonly status: TicketState | 'decided' | 'all';
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<{ readonly tickets: readonly Ticket[]; readonly cursor?: string }>;
  get(id: string): Promise<Ticket | undefined>;
  /** Number of pending tickets. */
  pending(): number;
  /** Approves or denies in the name of an authenticated person, through a channel. */
  decide(answer: {
    readonly ticket: string;
    readonly channel: string;
    readonly decision: 'approve' | 'deny';
    readonly approver: string;
    readonly note?: string;
    readonly scope?: Scope;
  }): Promise<Decided>;
  /** One person overrides approvers and quorum. Flagged in every record. Never lifts a deny. */
  breakGlass(answer: { readonly ticket: string; readonly approver: string; readonly reason: string }): Promise<Decided>;
  grants(query: {
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<{ readonly grants: readonly Grant[]; readonly cursor?: string }>;
  /** Called after any change of a ticket or grant, of this process at once, of others within a second. */
  watch(changed: () => void): () => void;
  /** False when there is no such grant (any more). */
  revoke(grant: string, by: string): Promise<boolean>;
}
export const approvalDesk = defineService<ApprovalDesk>('approvals.desk');
