/** Asks an upstream something on Helio's own account, in the name of a client or of nobody. */
import { createHash } from 'node:crypto';
import type { Answer, JsonObject } from '../plugin.ts';
import type { Asker } from './catalogue.ts';
import { metaKeys, type Era } from './era.ts';
import { headerOf, mediaType } from './headers.ts';
import { writeJson } from './json.ts';
import { isMessage, readMessage } from './messages.ts';
import { scanMessage } from './scan.ts';
import { SseCutter } from './sse-events.ts';
import type { Headers, Upstream } from './upstream.ts';

/** In whose name. */
export interface OnBehalf {
  readonly era: Era;
  readonly headers: Headers;
  readonly session: string | undefined;
  readonly meta: JsonObject;
}
export interface HttpRefusal {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}
export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly answer: Answer | undefined;
  readonly body: Buffer;
}

const askTimeoutMs = 30_000;
let asked = 0;

/** Of requests that only Helio makes: never the id of a client's request. */
function nextId(): string {
  return `helio-${process.pid}-${++asked}`;
}

/** The lists of one client; `refused` is told when the upstream refuses with 401 or 404, which the client must see. */
export function askerOf(upstream: Upstream, who: OnBehalf, refused?: (refusal: HttpRefusal) => void): Asker {
  return {
    viewKey: viewKeyOf(who),
    async list(cursor) {
      const told = await ask(upstream, who, 'tools/list', cursor === undefined ? {} : { cursor });
      if (told.answer?.kind === 'result') return told.answer;
      if (told.status === 401 || told.status === 404)
        refused?.({ status: told.status, headers: told.headers, body: told.body });
      throw new Error(
        told.answer
          ? 'the upstream refused to list its tools'
          : `the upstream answered tools/list with HTTP ${told.status}`,
      );
    },
  };
}

/** The legacy session, or the credentials: a list may vary per authorization (MCP 2026-07-28, tools). */
function viewKeyOf({ session, headers }: OnBehalf): string {
  if (session !== undefined) return `session ${session}`;
  const credentials = [headers['authorization'], headers['cookie'], headers['x-api-key']];
  if (credentials.every((credential) => credential === undefined)) return 'anonymous';
  return `credentials ${createHash('sha256').update(JSON.stringify(credentials)).digest('base64')}`;
}

/** One request, one answer. Rejects with a sentence part when none came. */
export function ask(upstream: Upstream, who: OnBehalf, method: string, params: JsonObject): Promise<Asked> {
  const id = nextId();
  const meta = envelopeOf(who);
  const whole = meta ? { ...params, _meta: meta } : params;
  const bytes = Buffer.from(
    `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)},"params":${writeJson(whole)}}`,
  );
  const message = readMessage(bytes);
  if (!isMessage(message)) throw new Error('unreachable: a made message is a message');

  return new Promise((resolve, reject) => {
    let status = 0;
    let headers: Headers = {};
    let cutter: SseCutter | undefined;
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      reject(new Error('the upstream did not answer in time'));
      leg.abort('timeout');
    }, askTimeoutMs);
    const done = (answer: Answer | undefined) => {
      clearTimeout(timer);
      resolve({ status, headers, answer, body: Buffer.concat(chunks) });
    };
    const take = (data: Buffer) => {
      const scanned = scanMessage(data);
      if (scanned?.answer && scanned.id?.value === id) done(scanned.answer);
    };
    const leg = upstream.exchange(
      { verb: 'POST', era: who.era, headers: headersOf(who, method), bytes, message, session: who.session },
      {
        head(code, told) {
          status = code;
          headers = told;
          if (mediaType(told) === 'text/event-stream')
            cutter = new SseCutter((event) => event.data && take(event.data));
        },
        chunk(chunk) {
          if (cutter) cutter.push(chunk);
          else chunks.push(chunk);
        },
        end() {
          if (!cutter) take(Buffer.concat(chunks));
          done(undefined);
        },
        failed(reason) {
          clearTimeout(timer);
          reject(new Error(reason));
        },
      },
    );
  });
}

function envelopeOf({ era, meta }: OnBehalf): JsonObject | undefined {
  if (era === 'legacy') return undefined;
  const kept: { [key: string]: JsonObject[string] } = {};
  for (const key of [metaKeys.protocolVersion, metaKeys.clientInfo, metaKeys.clientCapabilities]) {
    if (meta[key] !== undefined) kept[key] = meta[key];
  }
  return kept;
}

/** The client's own headers, without those that describe its own message. */
function headersOf({ era, headers }: OnBehalf, method: string): Headers {
  const out: Headers = {};
  for (const name in headers) {
    if (!name.startsWith('mcp-param-') && name !== 'mcp-name' && name !== 'last-event-id') out[name] = headers[name];
  }
  out['content-type'] = 'application/json';
  out['accept'] = 'application/json, text/event-stream';
  if (era === 'modern') out['mcp-method'] = method;
  else delete out['mcp-method'];
  if (era === 'legacy' && headerOf(headers, 'mcp-protocol-version') === undefined) delete out['mcp-protocol-version'];
  return out;
}
