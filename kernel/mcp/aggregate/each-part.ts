/** Asks every part of the merged endpoint the same thing, and leaves out for a while what does not answer. */
import type { JsonObject, Log } from '../../plugin.ts';
import type { ClientRequest } from '../door.ts';
import { isObject, rpcCode } from '../messages.ts';
import type { Relay } from '../relay.ts';
import type { Upstream } from '../upstream.ts';
import { collect } from './collect.ts';
import type { Missing, Told } from './merge.ts';
import { headersFor, reasonOf, type MergedSession } from './parts.ts';

export const partTimeoutMs = 10_000;
const askAgainMs = 5_000;
const mostPages = 1_000;

export interface EachPart {
  /** It did not answer in time a moment ago. */
  isDown(part: string): boolean;
  /** The whole answer of every part that can answer, all pages of it. */
  ask(
    request: ClientRequest,
    session: MergedSession | undefined,
    capability: string | undefined,
    bytesOf: (cursor: string | undefined) => Uint8Array,
  ): Promise<{ readonly told: Told; readonly missing: Missing }>;
  /** Tells every part that is up and has the capability, and waits for what they say. */
  tell(request: ClientRequest, session: MergedSession | undefined, capability: string | undefined): Promise<void>;
  /** In the order of helio.yaml. */
  inOrder(told: Told): Told;
  warn(missing: Missing): void;
}

export function createEachPart(relay: Relay, parts: () => ReadonlyMap<string, Upstream>, log: Log): EachPart {
  const downUntilMs = new Map<string, number>();
  const isDown = (part: string): boolean => (downUntilMs.get(part) ?? 0) > Date.now();

  /** Runs for every part that is up and has the capability, with the headers of its own session. */
  async function each(
    request: ClientRequest,
    session: MergedSession | undefined,
    capability: string | undefined,
    run: (own: ClientRequest) => Promise<unknown>,
    missing: { part: string; reason: string }[] = [],
  ): Promise<void> {
    await Promise.all(
      [...parts()].map(async ([part, upstream]) => {
        if (isDown(part)) return void missing.push({ part, reason: 'it did not answer in time' });
        const state = await session?.open(relay, request, upstream);
        if (state?.state === 'down') return void missing.push({ part, reason: state.reason });
        const capabilities = state?.result['capabilities'];
        if (state && capability !== undefined && isObject(capabilities) && capabilities[capability] === undefined)
          return;
        await run({ ...request, upstream, headers: headersFor(request.headers, state?.session) });
      }),
    );
  }

  /** Every page of one part's list; undefined when it does not know the method. A string says why there is none. */
  async function pagesOf(
    own: ClientRequest,
    bytesOf: (cursor: string | undefined) => Uint8Array,
  ): Promise<JsonObject | string | undefined> {
    let whole: JsonObject | undefined;
    let cursor: string | undefined;
    for (let pages = 0; pages < mostPages; pages++) {
      const answered = await collect(relay, { ...own, body: bytesOf(cursor) }, partTimeoutMs);
      if (answered.status === 0) downUntilMs.set(own.upstream.name, Date.now() + askAgainMs);
      if (answered.answer?.kind !== 'result') {
        const isAbsent =
          answered.answer?.kind === 'error' &&
          (answered.answer.value() as { code?: unknown }).code === rpcCode.methodNotFound;
        return isAbsent ? undefined : reasonOf(answered);
      }
      const page = answered.answer.value() as JsonObject;
      whole = whole === undefined ? page : joined(whole, page);
      if (typeof page['nextCursor'] !== 'string') break;
      cursor = page['nextCursor'];
    }
    return whole;
  }

  function inOrder(told: Told): Told {
    const order = [...parts().keys()];
    return [...told].sort((a, b) => order.indexOf(a.part) - order.indexOf(b.part));
  }

  function warn(missing: Missing): void {
    for (const { part, reason } of missing)
      log.warn('an upstream is left out of the merged endpoint', { upstream: part, reason });
  }

  return {
    isDown,
    inOrder,
    warn,
    async ask(request, session, capability, bytesOf) {
      const told: { part: string; result: JsonObject }[] = [];
      const missing: { part: string; reason: string }[] = [];
      await each(
        request,
        session,
        capability,
        async (own) => {
          const part = own.upstream.name;
          const result = await pagesOf(own, bytesOf);
          if (typeof result === 'string') missing.push({ part, reason: result });
          else if (result !== undefined) told.push({ part, result });
        },
        missing,
      );
      warn(missing);
      return { told: inOrder(told), missing };
    },
    tell: (request, session, capability) =>
      each(request, session, capability, (own) => collect(relay, own, partTimeoutMs)),
  };
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
