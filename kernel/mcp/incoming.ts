/** Where a door and the pipeline meet: what a door hands in, and what it gets back. */
import type { Answer, Arrival, Awaitable, Call, Decision, Outcome, ToolDefinition } from '../plugin.ts';
import type { StrictObject } from './json.ts';

export type JsonRpcId = string | number;

/** One governed request as a door read it. */
export interface Incoming {
  readonly kind: Call['kind'];
  readonly method: string;
  readonly upstream: string;
  readonly name: string;
  /** `params.arguments` (tools, prompts), `{ uri }` (resources), the params of a list. Strictly read, exact numbers kept. */
  readonly arguments: StrictObject;
  readonly arrival: Arrival;
  readonly receivedAtMs: number;
  /** Aborts when the client cancelled, disconnected (where that ends a call) or the proxy drains. */
  readonly signal: AbortSignal;
  /** `signal.aborted`, without making a signal that nobody waits for. */
  readonly isAborted: boolean;
  /** Aborted, and nobody reads an answer any more: the caller cancelled or left. */
  readonly isGone: boolean;
  /** The tool's definition from the catalogue: at once when known, else fetched. */
  definition(): Awaitable<Lookup>;
  /** A person is being asked: keep the client's connection alive from now on. */
  waiting(message: string): void;
  /** Sends the judged call. Resolves when its answer arrived, on whatever stream; never rejects. Called at most once. */
  forward(leg: ForwardLeg): Promise<Landing>;
}

export type Lookup =
  | { readonly found: ToolDefinition | undefined } // undefined: resources, prompts
  | { readonly unknown: true; readonly near?: string } // near: the advertised name that it looks like
  | { readonly unavailable: string };

export interface ForwardLeg {
  readonly callId: string;
  readonly decision: Decision;
  /** Only when a plugin rewrote them: else the judged bytes are sent as they came. */
  readonly arguments?: Call['arguments'];
  /** Extra transport headers; lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
}

/** How a forwarded call ended on the upstream's side. */
export type Landing =
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      /** False: refused before it did anything. */ readonly acted: boolean;
      readonly status?: number;
    }
  /** Nothing reached the upstream, or it provably refused before acting (connection refused, 401 403 404 405 413 415). */
  | {
      readonly kind: 'not_sent';
      readonly reason: string;
      /** The upstream's own HTTP refusal, passed on as it is. */ readonly passThrough?: true;
    }
  /** It may have acted: timeout, connection lost, child died. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** What the door has to tell the client. */
export type Final =
  /** The very answer that landed: the door passes the original message on, byte for byte. */
  | { readonly kind: 'as_landed' }
  /** Another answer: the door wraps it as `{"jsonrpc":"2.0","id":...}`. `instead` says why, for doors that are asked. */
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      readonly instead?: { readonly id: string; readonly decision: Decision; readonly outcome: Outcome };
    }
  /** The upstream's own HTTP refusal (401, 404, ...): pass status, headers and body. */
  | { readonly kind: 'pass_through' }
  /** The caller is gone: nothing is to be said. */
  | { readonly kind: 'gone' };

/** The one pipeline behind every door. */
export interface Gate {
  /** One governed call, from request to record. Never rejects. */
  call(incoming: Incoming): Promise<Final>;
  /** Not governed, but recorded: a request that passes (`initialize`, `ping`, ...). Costs no wait. */
  passed(seen: {
    readonly method: string;
    readonly upstream: string;
    readonly arrival: Arrival;
    readonly isNotification: boolean;
    readonly error?: string;
  }): void;
  /** Refused at the door (batch, duplicate key, foreign Origin, ...). Resolves when it is on record. */
  refused(refusal: {
    readonly code: string;
    readonly reason: string;
    readonly door: Arrival['door'];
    readonly peer: string;
    readonly method?: string;
    readonly name?: string;
    readonly sent?: string;
  }): Promise<void>;
}
