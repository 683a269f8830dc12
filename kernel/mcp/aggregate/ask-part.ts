/** A request of the merged endpoint that one upstream answers: the one that the name in it belongs to. */
import type { ClientRequest, Responder } from '../door.ts';
import { encodeHeaderValue, type Era } from '../era.ts';
import { idKey, rpcCode, type Message } from '../messages.ts';
import type { Relay } from '../relay.ts';
import { withMember } from '../rewrite.ts';
import type { Upstream } from '../upstream.ts';
import type { Refusal } from './answers.ts';
import type { Availability } from './availability.ts';
import type { Names } from './names.ts';
import { headersFor, type MergedSession, type Part } from './parts.ts';
import { PartResponder } from './part-responder.ts';
import { routeOf, type Route } from './route.ts';

/** One request at the merged endpoint; `session` is undefined in the modern era. */
export interface Merged {
  readonly request: ClientRequest;
  readonly responder: Responder;
  readonly message: Message;
  readonly era: Era;
  readonly session: MergedSession | undefined;
}

export interface AskPartOptions {
  readonly relay: Relay;
  readonly names: Names;
  readonly availability: Availability;
  parts(): ReadonlyMap<string, Upstream>;
  refused(merged: Merged, ...refusal: Refusal): void;
}

export function createAskPart({ relay, names, availability, parts, refused }: AskPartOptions) {
  async function forward(merged: Merged, routed: Route, isAgain: boolean): Promise<void> {
    const { request, responder, message, session } = merged;
    const { part } = routed;
    const key = idKey(message.id!);
    const done = () => session?.routes.delete(key);
    session?.routes.set(key, part);
    const upstream = parts().get(part);
    const state = upstream && (await openSoon(request, session, upstream));
    if (responder.isGone) return void done();
    if (upstream === undefined || state?.state === 'down') {
      done();
      const why = state?.state === 'down' ? state.reason : 'it was taken out of helio.yaml';
      const reason = `The upstream ${part} is not available: ${why}`;
      return refused(merged, 200, rpcCode.internalError, 'upstream_unavailable', reason);
    }
    const headers = headersFor(request.headers, state);
    if (headers['mcp-name'] !== undefined) headers['mcp-name'] = encodeHeaderValue(routed.name);
    // It forgot its session and did nothing: the client's own is another one, and goes on.
    const lost = () => {
      session!.forget(part, state!.session);
      void forward(merged, routed, true);
    };
    const ends = { done, lost: state?.session !== undefined && !isAgain ? lost : undefined };
    const view = { names, part, method: message.method!, session: session?.id };
    const body = Buffer.from(withMember(message.object, 'params', routed.params));
    relay.take({ ...request, upstream, headers, body }, new PartResponder(responder, view, ends));
  }

  /** One that is known to be away is not waited for, even while it is being tried again. */
  async function openSoon(
    request: ClientRequest,
    session: MergedSession | undefined,
    upstream: Upstream,
  ): Promise<Part | undefined> {
    const opening = session?.open(relay, request, upstream);
    const reason = availability.reasonOf(upstream.name);
    if (opening === undefined || reason === undefined) return opening;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Part>((resolve) => {
      const down = { state: 'down', reason, isAway: true } as const;
      timer = setTimeout(() => resolve(down), availability.graceMs(upstream.name));
    });
    return Promise.race([opening, late]).finally(() => clearTimeout(timer));
  }

  return async function askPart(merged: Merged): Promise<void> {
    const { message, era, session } = merged;
    const method = message.method!;
    const routed = routeOf(message, names);
    if (routed === 'unknown') {
      const status = era === 'modern' ? 404 : 200;
      return refused(merged, status, rpcCode.methodNotFound, 'method_not_found', `Method not found: ${method}`);
    }
    if (routed === undefined) {
      const { name, uri, taskId } = message.params;
      const what =
        method === 'tools/call'
          ? 'tool'
          : method === 'prompts/get'
            ? 'prompt'
            : method.startsWith('tasks/')
              ? 'task'
              : 'resource';
      const reason = `Unknown ${what}: ${String(name ?? uri ?? taskId ?? '')}`;
      return refused(merged, 200, rpcCode.invalidParams, `unknown_${what}`, reason);
    }
    session?.lastingOf(routed.part).note(method, { uri: routed.name });
    return forward(merged, routed, false);
  };
}
