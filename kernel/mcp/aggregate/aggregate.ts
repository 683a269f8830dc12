/** Several upstreams at one endpoint: every request finds its part by its name, lists and handshakes are merged. */
import { randomUUID } from 'node:crypto';
import type { JsonObject, Log } from '../../plugin.ts';
import type { ClientRequest, Responder } from '../door.ts';
import { encodeHeaderValue, eraOf, headerMismatch, metaOf, type Era } from '../era.ts';
import { kindOf } from '../governed.ts';
import { headerOf } from '../headers.ts';
import { errorBytes, idKey, isMessage, isObject, readMessage, rpcCode, type Message } from '../messages.ts';
import { writeJson } from '../json.ts';
import type { OwnIdentity } from '../own-client.ts';
import type { Relay } from '../relay.ts';
import { withMember } from '../rewrite.ts';
import type { Headers, Upstream } from '../upstream.ts';
import { collect } from './collect.ts';
import { cacheHints, lists, mergeDiscover, mergeInitialize, type Missing, type Told } from './merge.ts';
import { createNames, inwardId } from './names.ts';
import { headersFor, MergedSession, reasonOf } from './parts.ts';
import { PartResponder } from './part-responder.ts';
import { mergeListen, mergeStreams, type PartStream } from './streams.ts';

export interface AggregateOptions {
  readonly relay: Relay;
  parts(): ReadonlyMap<string, Upstream>;
  readonly separator: string;
  readonly self: OwnIdentity;
  readonly log: Log;
}

const jsonHeaders: Headers = Object.freeze({ 'content-type': 'application/json' });
const partTimeoutMs = 10_000;
const askAgainMs = 5_000;
const mostPages = 1_000;
const mostSessions = 10_000;
const toAll = new Set(['notifications/initialized', 'notifications/roots/list_changed']);

export function createAggregate({ relay, parts, separator, self, log }: AggregateOptions): Pick<Relay, 'take'> {
  const sessions = new Map<string, MergedSession>();
  const names = createNames(separator, (part) => parts().has(part));
  /** Parts that did not answer in time are left out for a while. */
  const downUntilMs = new Map<string, number>();

  function take(request: ClientRequest, responder: Responder): void {
    if (request.verb !== 'POST') return takeStream(request, responder);
    const message = readMessage(request.body);
    const first = parts().values().next().value!;
    if (!isMessage(message)) return relay.take({ ...request, upstream: first }, responder); // it is refused there
    const era = eraOf(message, headerOf(request.headers, 'mcp-protocol-version'));
    const mismatch =
      request.door === 'stdio'
        ? undefined
        : headerMismatch(message, era, (name) => headerOf(request.headers, name), true);
    if (mismatch !== undefined)
      return refuse(
        request,
        responder,
        message,
        400,
        rpcCode.headerMismatch,
        'header_mismatch',
        `Bad Request: the request headers and body disagree: ${mismatch}`,
      );
    if (message.kind === 'notification' && kindOf(message.method) !== undefined)
      return relay.take({ ...request, upstream: first }, responder);
    if (message.kind === 'request' && message.method === 'initialize')
      return void initialize(request, responder, message);

    const id = era === 'legacy' ? headerOf(request.headers, 'mcp-session-id') : undefined;
    const session = id === undefined ? undefined : sessions.get(id);
    if (era === 'legacy' && session === undefined) return noSession(responder, id, message.id?.text);
    const own: ClientRequest = id === undefined ? request : { ...request, clientSession: id };
    if (message.kind === 'response') return answerPart(own, responder, message, session);
    if (message.kind === 'notification') return void notify(own, responder, message, session);
    void ask(own, responder, message, era, session);
  }

  async function ask(
    request: ClientRequest,
    responder: Responder,
    message: Message,
    era: Era,
    session: MergedSession | undefined,
  ): Promise<void> {
    const { method, params } = message;
    if (method === 'ping' && era === 'legacy') return tell(responder, message, {});
    if (method === 'server/discover') return discover(request, responder, message);
    if (Object.hasOwn(lists, method!)) return list(request, responder, message, era, session);
    if (method === 'logging/setLevel' && era === 'legacy') {
      await each(request, session, 'logging', (part) => collect(relay, part, partTimeoutMs));
      return tell(responder, message, {});
    }
    if (method === 'subscriptions/listen') return listen(request, responder, message);
    const routed = route(message);
    if (routed === 'unknown') {
      return refuse(
        request,
        responder,
        message,
        era === 'modern' ? 404 : 200,
        rpcCode.methodNotFound,
        'method_not_found',
        `Method not found: ${method}`,
      );
    }
    if (routed === undefined) {
      const name = String(params['name'] ?? params['uri'] ?? '');
      const what = method === 'tools/call' ? 'tool' : method === 'prompts/get' ? 'prompt' : 'resource';
      return refuse(
        request,
        responder,
        message,
        200,
        rpcCode.invalidParams,
        `unknown_${what}`,
        `Unknown ${what}: ${name}`,
      );
    }
    const upstream = parts().get(routed.part)!;
    const state = await session?.open(relay, request, upstream);
    if (state?.state === 'down') {
      return refuse(
        request,
        responder,
        message,
        200,
        rpcCode.internalError,
        'upstream_unavailable',
        `The upstream ${routed.part} is not available: ${state.reason}`,
      );
    }
    const headers = headersFor(request.headers, state?.session);
    if (headers['mcp-name'] !== undefined) headers['mcp-name'] = encodeHeaderValue(routed.name);
    const key = idKey(message.id!);
    session?.routes.set(key, routed.part);
    const view = { names, part: routed.part, method: method!, session: session?.id };
    const body = Buffer.from(withMember(message.object, 'params', routed.params));
    relay.take(
      { ...request, upstream, headers, body },
      new PartResponder(responder, view, () => session?.routes.delete(key)),
    );
  }

  /** The part, the name that it knows, and the params with that name. */
  function route(message: Message): { part: string; name: string; params: string } | 'unknown' | undefined {
    const { method, params } = message;
    const byName = method === 'tools/call' || method === 'prompts/get';
    const byUri = method === 'resources/read' || method === 'resources/subscribe' || method === 'resources/unsubscribe';
    if (byName || byUri) {
      const key = byName ? 'name' : 'uri';
      const given = params[key];
      const routed = typeof given !== 'string' ? undefined : byName ? names.ofName(given) : names.ofUri(given);
      return routed && { ...routed, params: withMember(params, key, JSON.stringify(routed.name)) };
    }
    if (method !== 'completion/complete' || !isObject(params['ref'])) return 'unknown';
    const { ref } = params;
    const key = ref['type'] === 'ref/prompt' ? 'name' : 'uri';
    const routed =
      typeof ref[key] !== 'string' ? undefined : key === 'name' ? names.ofName(ref[key]) : names.ofUri(ref[key]);
    return (
      routed && { ...routed, params: withMember(params, 'ref', withMember(ref, key, JSON.stringify(routed.name))) }
    );
  }

  async function initialize(request: ClientRequest, responder: Responder, message: Message): Promise<void> {
    const id = randomUUID();
    const session = new MergedSession(id, request.body);
    const own = { ...request, clientSession: id };
    const told: { part: string; result: JsonObject }[] = [];
    const missing: { part: string; reason: string }[] = [];
    await Promise.all(
      [...parts()].map(async ([part, upstream]) => {
        const state = await session.open(relay, own, upstream);
        if (state.state === 'up') told.push({ part, result: state.result });
        else missing.push({ part, reason: state.reason });
      }),
    );
    if (told.length === 0) return none(responder, message, missing);
    warn(missing);
    sessions.set(id, session);
    if (sessions.size > mostSessions) sessions.delete(sessions.keys().next().value!);
    tell(responder, message, mergeInitialize(inOrder(told), missing, self), { 'mcp-session-id': id });
  }

  async function discover(request: ClientRequest, responder: Responder, message: Message): Promise<void> {
    const { told, missing } = await askEach(request, undefined, undefined, () => message.bytes);
    if (told.length > 0) return tell(responder, message, mergeDiscover(told, missing, self));
    refuse(
      request,
      responder,
      message,
      404,
      rpcCode.methodNotFound,
      'method_not_found',
      'Method not found: no upstream speaks this protocol version',
    );
  }

  async function list(
    request: ClientRequest,
    responder: Responder,
    message: Message,
    era: Era,
    session: MergedSession | undefined,
  ): Promise<void> {
    const { key, outward } = lists[message.method!]!;
    if (message.params['cursor'] !== undefined) {
      return refuse(
        request,
        responder,
        message,
        200,
        rpcCode.invalidParams,
        'invalid_params',
        'Invalid cursor: the merged list has one page',
      );
    }
    const capability = key === 'resourceTemplates' ? 'resources' : key;
    const { told, missing } = await askEach(request, session, capability, (cursor) =>
      cursor === undefined
        ? message.bytes
        : Buffer.from(
            withMember(message.object, 'params', withMember(message.params, 'cursor', JSON.stringify(cursor))),
          ),
    );
    if (told.length === 0 && missing.length > 0) return none(responder, message, missing);
    const items = told.flatMap(({ part, result }) =>
      Array.isArray(result[key])
        ? (result[key] as readonly JsonObject[]).map((item) => outward(names, part, item))
        : [],
    );
    tell(responder, message, {
      [key]: items,
      ...(era === 'modern' && { resultType: 'complete', ...(told.length > 0 && cacheHints(told)) }),
      ...(missing.length > 0 && { _meta: { 'com.gethelio/unavailable': missing.map(({ part }) => part) } }),
    });
  }

  /** The whole answer of every part that can answer, all pages of it. */
  async function askEach(
    request: ClientRequest,
    session: MergedSession | undefined,
    capability: string | undefined,
    bytesOf: (cursor: string | undefined) => Uint8Array,
  ): Promise<{ told: Told; missing: Missing }> {
    const told: { part: string; result: JsonObject }[] = [];
    const missing: { part: string; reason: string }[] = [];
    await each(
      request,
      session,
      capability,
      async (own) => {
        const part = own.upstream.name;
        let whole: JsonObject | undefined;
        let cursor: string | undefined;
        for (let pages = 0; pages < mostPages; pages++) {
          const answered = await collect(relay, { ...own, body: bytesOf(cursor) }, partTimeoutMs);
          if (answered.status === 0) downUntilMs.set(part, Date.now() + askAgainMs);
          if (answered.answer?.kind !== 'result') {
            const isAbsent =
              answered.answer?.kind === 'error' &&
              (answered.answer.value() as { code?: unknown }).code === rpcCode.methodNotFound;
            return void (isAbsent || missing.push({ part, reason: reasonOf(answered) }));
          }
          const page = answered.answer.value() as JsonObject;
          whole = whole === undefined ? page : joined(whole, page);
          if (typeof page['nextCursor'] !== 'string') break;
          cursor = page['nextCursor'];
        }
        told.push({ part, result: whole! });
      },
      missing,
    );
    warn(missing);
    return { told: inOrder(told), missing };
  }

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
        if ((downUntilMs.get(part) ?? 0) > Date.now())
          return void missing.push({ part, reason: 'it did not answer in time' });
        const state = await session?.open(relay, request, upstream);
        if (state?.state === 'down') return void missing.push({ part, reason: state.reason });
        const capabilities = state?.result['capabilities'];
        if (state && capability !== undefined && isObject(capabilities) && capabilities[capability] === undefined)
          return;
        await run({ ...request, upstream, headers: headersFor(request.headers, state?.session) });
      }),
    );
  }

  async function notify(
    request: ClientRequest,
    responder: Responder,
    message: Message,
    session: MergedSession | undefined,
  ): Promise<void> {
    const accepted = () => !responder.isGone && responder.answer(202, {}, undefined);
    if (toAll.has(message.method!)) {
      await each(request, session, undefined, (own) => collect(relay, own, partTimeoutMs));
      return void accepted();
    }
    const { requestId, progressToken } = message.params;
    const token = inwardId(progressToken);
    const isId = typeof requestId === 'string' || typeof requestId === 'number';
    const part =
      token?.part ?? (isId ? session?.routes.get(idKey({ value: requestId, text: String(requestId) })) : undefined);
    const upstream = part === undefined ? undefined : parts().get(part);
    if (!upstream) return void accepted();
    const body = token
      ? Buffer.from(withMember(message.object, 'params', withMember(message.params, 'progressToken', token.text)))
      : request.body;
    relay.take({ ...request, upstream, body, headers: partHeaders(request, session, part!) }, responder);
  }

  /** The client's answer to a request of a part. */
  function answerPart(
    request: ClientRequest,
    responder: Responder,
    message: Message,
    session: MergedSession | undefined,
  ): void {
    const meant = inwardId(message.id?.value);
    const upstream = meant && parts().get(meant.part);
    if (!meant || !upstream) return responder.answer(202, {}, undefined); // nobody asked
    const body = Buffer.from(withMember(message.object, 'id', meant.text));
    relay.take({ ...request, upstream, body, headers: partHeaders(request, session, meant.part) }, responder);
  }

  function partHeaders(request: ClientRequest, session: MergedSession | undefined, part: string): Headers {
    const state = session?.known(part);
    return headersFor(request.headers, state?.state === 'up' ? state.session : undefined);
  }

  function takeStream(request: ClientRequest, responder: Responder): void {
    const id = headerOf(request.headers, 'mcp-session-id');
    const session = id === undefined ? undefined : sessions.get(id);
    if (!session) return noSession(responder, id, undefined);
    const open: PartStream[] = [];
    for (const [part, upstream] of parts()) {
      const state = session.known(part);
      if (state?.state !== 'up' || (state.session === undefined && request.verb === 'DELETE')) continue;
      const own = {
        ...request,
        upstream,
        headers: headersFor(request.headers, state.session),
        clientSession: session.id,
      };
      open.push({ request: own, view: { names, part, method: '', session: session.id } });
    }
    if (request.verb === 'GET') return mergeStreams(relay, open, responder, { 'mcp-session-id': session.id });
    sessions.delete(session.id);
    void Promise.all(open.map((one) => collect(relay, one.request, partTimeoutMs))).then(
      () => !responder.isGone && responder.answer(200, {}, undefined),
    );
  }

  async function listen(request: ClientRequest, responder: Responder, message: Message): Promise<void> {
    const wanted = message.params['notifications'];
    const open: PartStream[] = [];
    for (const [part, upstream] of parts()) {
      if ((downUntilMs.get(part) ?? 0) > Date.now()) continue;
      const body = isObject(wanted)
        ? Buffer.from(
            withMember(
              message.object,
              'params',
              withMember(message.params, 'notifications', writeJson(inwardFilter(wanted, part))),
            ),
          )
        : message.bytes;
      open.push({
        request: { ...request, upstream, body },
        view: { names, part, method: message.method!, session: undefined },
      });
    }
    mergeListen(relay, open, responder, message);
  }

  function inwardFilter(wanted: JsonObject, part: string): JsonObject {
    const uris = wanted['resourceSubscriptions'];
    if (!Array.isArray(uris)) return wanted;
    const own = uris.flatMap((uri) =>
      typeof uri === 'string' && names.ofUri(uri)?.part === part ? [names.ofUri(uri)!.name] : [],
    );
    return { ...wanted, resourceSubscriptions: own };
  }

  // -- Small answers ----------------------------------------------------------------------------------------------

  function tell(responder: Responder, message: Message, result: JsonObject, headers: Headers = {}): void {
    if (responder.isGone) return;
    const whole =
      metaOf(message.params)['io.modelcontextprotocol/protocolVersion'] !== undefined &&
      result['resultType'] === undefined
        ? { resultType: 'complete', ...result }
        : result;
    responder.answer(
      200,
      { ...jsonHeaders, ...headers },
      Buffer.from(`{"jsonrpc":"2.0","id":${message.id!.text},"result":${JSON.stringify(whole)}}`),
    );
  }

  function none(responder: Responder, message: Message, missing: Missing): void {
    const why = missing.map(({ part, reason }) => `${part}: ${reason}`).join('; ');
    if (!responder.isGone)
      responder.answer(
        200,
        { ...jsonHeaders },
        errorBytes(message.id!.text, rpcCode.internalError, `No upstream is available (${why})`),
      );
  }

  function noSession(responder: Responder, id: string | undefined, idText: string | undefined): void {
    const [status, code, reason] =
      id === undefined
        ? ([400, -32000, 'Bad Request: Mcp-Session-Id header is required'] as const)
        : ([404, -32001, 'Session not found'] as const);
    responder.answer(status, { ...jsonHeaders }, errorBytes(idText ?? 'null', code, reason));
  }

  function refuse(
    request: ClientRequest,
    responder: Responder,
    message: Message,
    status: number,
    code: number,
    word: string,
    reason: string,
  ): void {
    const name = message.params['name'] ?? message.params['uri'];
    relay.refuse(request, responder, {
      status,
      rpcCode: code,
      code: word,
      reason,
      idText: message.id?.text ?? 'null',
      method: message.method ?? '',
      ...(typeof name === 'string' && { name }),
      sent: Buffer.from(request.body).toString('utf8', 0, 4_096),
    });
  }

  function warn(missing: Missing): void {
    for (const { part, reason } of missing)
      log.warn('an upstream is left out of the merged endpoint', { upstream: part, reason });
  }

  function inOrder(told: Told): Told {
    const order = [...parts().keys()];
    return [...told].sort((a, b) => order.indexOf(a.part) - order.indexOf(b.part));
  }

  return { take };
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
