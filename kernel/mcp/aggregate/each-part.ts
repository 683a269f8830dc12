/** Asks every part of the merged endpoint the same thing, and does not wait long for those that are away. */
import type { JsonObject } from '../../plugin.ts';
import type { ClientRequest } from '../door.ts';
import { isObject, rpcCode } from '../messages.ts';
import type { Relay } from '../relay.ts';
import type { Upstream } from '../upstream.ts';
import type { Availability } from './availability.ts';
import { collect, type Collected } from './collect.ts';
import { gather } from './gather.ts';
import type { Missing, Told } from './merge.ts';
import { headersFor, isAway, reasonOf, type MergedSession, type Part } from './parts.ts';

export const partTimeoutMs = 10_000;
const mostPages = 1_000;
const notYet = 'it has not answered yet';

type BytesOf = (cursor: string | undefined) => Uint8Array;
/** `result` undefined and no reason: it does not know the method, or has nothing of the kind. */
interface Asked {
  readonly result?: JsonObject;
  readonly reason?: string;
  readonly isAway?: boolean;
}
export interface AskedAll {
  readonly told: Told;
  readonly missing: Missing;
  /** Those that answered that they do not know the method. */
  readonly absent: readonly string[];
}

export interface EachPart {
  /** The handshake with every part that answers in time; the others go on in the background. */
  open(request: ClientRequest, session: MergedSession): Promise<AskedAll>;
  /** The whole answer of every part that can answer, all pages of it. */
  ask(
    request: ClientRequest,
    session: MergedSession | undefined,
    capability: string | undefined,
    bytesOf: BytesOf,
  ): Promise<AskedAll>;
  /** Tells every part that is open and has the capability, and waits for what they say. */
  tell(request: ClientRequest, session: MergedSession | undefined, capability: string | undefined): Promise<void>;
}

export function createEachPart(
  relay: Relay,
  parts: () => ReadonlyMap<string, Upstream>,
  availability: Availability,
): EachPart {
  /** Runs for every part at once, and sorts what came in time. */
  async function each(run: (upstream: Upstream) => Promise<Asked>): Promise<AskedAll> {
    const jobs = [...parts()].map(([key, upstream]) => {
      const done = run(upstream).then((asked) => {
        if (asked.isAway) availability.failed(key, asked.reason!);
        else availability.answered(key);
        return asked;
      });
      return { key, graceMs: availability.graceMs(key), done };
    });
    const found = await gather(jobs, ({ reason }) => reason === undefined);
    const told: { part: string; result: JsonObject }[] = [];
    const missing: { part: string; reason: string }[] = [];
    const absent: string[] = [];
    for (const { key: part } of jobs) {
      const { result, reason }: Asked = found.get(part) ?? { reason: availability.reasonOf(part) ?? notYet };
      if (result !== undefined) told.push({ part, result });
      else if (reason !== undefined) missing.push({ part, reason });
      else absent.push(part);
      if (!found.has(part)) availability.failed(part, reason!);
    }
    return { told, missing, absent };
  }

  /** Every page of one part's list. */
  async function pagesOf(
    own: ClientRequest,
    isModern: boolean,
    bytesOf: BytesOf,
  ): Promise<Asked & { readonly isLost?: boolean }> {
    let whole: JsonObject | undefined;
    let cursor: string | undefined;
    for (let pages = 0; pages < mostPages; pages++) {
      const answered = await collect(relay, { ...own, body: bytesOf(cursor) }, partTimeoutMs);
      if (answered.answer?.kind !== 'result') {
        if (isUnknownMethod(answered, isModern)) return {};
        const away = isAway(answered, own.upstream);
        return { reason: reasonOf(answered), isAway: away, isLost: answered.status === 404 };
      }
      const page = answered.answer.value() as JsonObject;
      whole = whole === undefined ? page : joined(whole, page);
      if (typeof page['nextCursor'] !== 'string') return { result: whole };
      cursor = page['nextCursor'];
    }
    return { reason: `its list has more than ${mostPages} pages` };
  }

  async function askOne(
    request: ClientRequest,
    session: MergedSession | undefined,
    capability: string | undefined,
    bytesOf: BytesOf,
    upstream: Upstream,
    isAgain = false,
  ): Promise<Asked> {
    const state = await session?.open(relay, request, upstream);
    if (state?.state === 'down') return state;
    if (!has(state, capability)) return {};
    const own = { ...request, upstream, headers: headersFor(request.headers, state) };
    const asked = await pagesOf(own, session === undefined, bytesOf);
    if (!asked.isLost || isAgain || state?.session === undefined) return asked;
    session!.forget(upstream.name, state.session);
    return askOne(request, session, capability, bytesOf, upstream, true);
  }

  return {
    open: (request, session) =>
      each(async (upstream) => {
        const state = await session.open(relay, request, upstream);
        return state.state === 'up' ? { result: state.result } : state;
      }),
    ask: (request, session, capability, bytesOf) =>
      each((upstream) => askOne(request, session, capability, bytesOf, upstream)),
    async tell(request, session, capability) {
      await Promise.all(
        [...parts()].map(async ([part, upstream]) => {
          const state = session?.known(part);
          if (state?.state !== 'up' || !has(state, capability)) return;
          await collect(relay, { ...request, upstream, headers: headersFor(request.headers, state) }, partTimeoutMs);
        }),
      );
    },
  };
}

/** With these a modern server refuses a request that it understood (MCP 2026-07-28, transports). */
const modernErrors = new Set<unknown>([
  rpcCode.invalidParams,
  rpcCode.headerMismatch,
  -32021,
  rpcCode.unsupportedVersion,
]);

/**
 * A legacy server refuses a modern request with HTTP 400 and whatever body, because it misses its own handshake: that is
 * how a client of both eras tells it.
 */
function isUnknownMethod({ status, answer }: Collected, isModern: boolean): boolean {
  const code = answer?.kind === 'error' ? (answer.value() as { code?: unknown }).code : undefined;
  if (code === rpcCode.methodNotFound) return true;
  return isModern && (status === 400 || status === 405) && !modernErrors.has(code);
}

/** In the modern era nobody told: it is asked. */
function has(state: Part | undefined, capability: string | undefined): boolean {
  if (state?.state !== 'up' || capability === undefined) return true;
  const capabilities = state.result['capabilities'];
  return !isObject(capabilities) || capabilities[capability] !== undefined;
}

/** Two pages of one list. */
function joined(whole: JsonObject, page: JsonObject): JsonObject {
  const out: { [key: string]: JsonObject[string] } = { ...whole };
  for (const [key, value] of Object.entries(page)) {
    const before = whole[key];
    out[key] = Array.isArray(value) && Array.isArray(before) ? [...before, ...(value as JsonObject[string][])] : value;
  }
  return out;
}
