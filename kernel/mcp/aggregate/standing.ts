/** The GET of a legacy client at the merged endpoint: one stream with the news of every upstream that has one. */
import type { ClientRequest, Responder } from '../door.ts';
import type { Relay } from '../relay.ts';
import { messageEvent } from '../sse-events.ts';
import type { Upstream } from '../upstream.ts';
import { outwardEventIds } from './event-ids.ts';
import type { Names } from './names.ts';
import { outwardEvent } from './outward.ts';
import { headersFor, type MergedSession } from './parts.ts';
import { MergedStream } from './streams.ts';

export interface StandingOptions {
  readonly relay: Relay;
  readonly names: Names;
  readonly session: MergedSession;
  readonly request: ClientRequest;
  readonly client: Responder;
  parts(): ReadonlyMap<string, Upstream>;
  /** Of a client that comes back: where each upstream's stream broke off. */
  readonly lastIds: ReadonlyMap<string, string>;
}

export interface Standing {
  /** A part is open (again): what it has may have changed. */
  back(part: string): void;
  /** Opens the part's session, which says `back`. */
  open(part: string): void;
  end(): void;
}

const openAgainMs = 1_000;
const changed = ['tools', 'prompts', 'resources'].map((kind) =>
  messageEvent(Buffer.from(`{"jsonrpc":"2.0","method":"notifications/${kind}/list_changed"}`)),
);

export function openStanding({ relay, names, session, request, client, parts, lastIds }: StandingOptions): Standing {
  const seenIds = new Map(lastIds);
  /** Under which session each part's stream was asked for. */
  const asked = new Map<string, string | undefined>();
  const openPart = (part: string): void => {
    const upstream = parts().get(part);
    if (upstream) void session.open(relay, request, upstream);
  };
  const stream = new MergedStream({
    relay,
    client,
    open(part) {
      const upstream = parts().get(part);
      const state = session.known(part);
      if (upstream === undefined || state?.state !== 'up') return undefined;
      asked.set(part, state.session);
      const headers = headersFor(request.headers, state);
      delete headers['last-event-id'];
      const lastId = seenIds.get(part);
      if (lastId !== undefined) headers['last-event-id'] = lastId;
      const view = { names, part, method: '', session: session.id };
      return { request: { ...request, upstream, headers, clientSession: session.id }, view };
    },
    event(event, view) {
      if (event.id === undefined) return outwardEvent(event, view, undefined);
      seenIds.set(view.part, event.id);
      return outwardEvent(event, view, outwardEventIds(seenIds));
    },
    over(part, end) {
      if (end !== 'lost') return end === 'ended';
      seenIds.delete(part);
      session.forget(part, asked.get(part));
      // A request of the client opens it at once; an upstream that forgets all the time is not asked all the time.
      setTimeout(() => session.stream === own && openPart(part), openAgainMs).unref();
      return false;
    },
    gone() {
      if (session.stream === own) session.stream = undefined;
    },
  });
  const own: Standing = {
    back(part) {
      stream.add(part);
      for (const event of changed) stream.write(event);
    },
    open: openPart,
    end: () => stream.end(),
  };
  session.stream?.end(); // the client came back before its old stream was missed
  session.stream = own;
  stream.begin({ 'mcp-session-id': session.id });
  for (const part of parts().keys()) stream.add(part);
  return own;
}
