/** Decides about one event of an upstream's stream: pass it, hold it until its answer is judged, or drop it. */
import type { Log } from '../plugin.ts';
import type { Catalogue } from './catalogue.ts';
import { idKey } from './messages.ts';
import { scanMessage } from './scan.ts';
import type { ClientSession } from './sessions.ts';
import type { SseEvent } from './sse-events.ts';
import type { Exchange } from './exchange.ts';

export interface StreamContext {
  readonly session: ClientSession;
  readonly catalogue: Catalogue;
  readonly upstream: string;
  readonly log: Log;
  /** The request whose own stream this is; undefined for a GET. */
  readonly own: Exchange | undefined;
}

export function onStreamEvent(
  event: SseEvent,
  stream: StreamContext,
): Buffer | Promise<Buffer | undefined> | undefined {
  // Comments, `retry:` and the empty `data` that primes a stream for resumption.
  if (event.data === undefined || event.data.length === 0) return event.raw;
  const { session, own, log, upstream } = stream;
  const scanned = scanMessage(event.data);
  if (scanned === undefined) {
    log.warn('an upstream sent an event that is no JSON-RPC message; it was dropped', { upstream });
    return undefined;
  }
  if (scanned.kind !== 'answer') {
    if (scanned.method === 'notifications/tools/list_changed') stream.catalogue.invalidate();
    if (scanned.method === 'notifications/progress' && own !== undefined) return own.client.shiftProgress(event);
    return event.raw;
  }
  if (scanned.id === undefined) {
    if (own !== undefined && !own.isLanded) return own.landWithoutId(event);
  } else {
    const key = idKey(scanned.id);
    const open = own !== undefined && own.key === key ? own : session.open.get(key);
    const told = open?.landOnEvent(event, scanned);
    if (told !== undefined) return told;
    // A resumed stream repeats what was told before: exactly that, and never what was kept back.
    if (event.id !== undefined && session.answered.has(event.id)) return session.answered.get(event.id) ?? event.raw;
  }
  log.warn('an upstream sent an answer that nobody waits for; it was dropped', {
    upstream,
    id: scanned.id?.text ?? 'none',
  });
  return undefined;
}
