/** Requests to Discord's REST API v10: authenticated, bounded, and as patient as Discord's rate limits ask. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Json, JsonObject } from '@gethelio/proxy/plugin';
import type { Entry } from './config.ts';
import { discordError, type DiscordError } from './errors.ts';

const userAgent = 'DiscordBot (https://www.npmjs.com/package/helio-plugin-discord, 0.1.0)'; // Discord asks for this form
const attemptTimeoutMs = 8_000;
const mostAttempts = 4;
const longestPauseMs = 20_000; // Helio gives a delivery 30 s
const mostBytes = 1024 * 1024;
const unknownMessage = 10_008;
const unknownChannel = 10_003;

export interface Rest {
  /** The answer's JSON. Rejects with a DiscordError. `path` begins with a slash. */
  ask(
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<JsonObject>;
}

interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly json: JsonObject;
}

export function createRest({ api_url, bot_token }: Pick<Entry, 'api_url' | 'bot_token'>): Rest {
  const base = api_url.replace(/\/+$/, '');
  /** Route to the moment (performance.now) before which it may not be asked; `*` is all of them. */
  const closedUntilMs = new Map<string, number>();

  return {
    async ask(method, path, body, signal) {
      const route = `${method} ${path.replace(/(?<=\/messages\/)\d+/, ':id')}`; // the limits of Discord are per route
      for (let attempt = 1; ; attempt++) {
        await untilOpen(route, signal);
        const said = await once(method, path, body, signal);
        if (!(said instanceof Error)) {
          note(route, said);
          if (said.status >= 200 && said.status < 300) return said.json;
        }
        const isPassing = said instanceof Error || said.status === 429 || said.status >= 500;
        if (!isPassing || attempt === mostAttempts || signal.aborted) throw said instanceof Error ? said : wrong(said);
        // What Discord asks for is waited for above. POST carries a nonce, so a second one makes no second message.
        if (said instanceof Error || said.status >= 500) await wait(500 * 2 ** (attempt - 1), signal);
      }
    },
  };

  async function untilOpen(route: string, signal: AbortSignal): Promise<void> {
    const waitMs = Math.max(closedUntilMs.get(route) ?? 0, closedUntilMs.get('*') ?? 0) - performance.now();
    if (waitMs > longestPauseMs) throw discordError('HELIO_DISCORD_RATE_LIMITED', `${Math.ceil(waitMs / 1000)} s`);
    if (waitMs > 0) await wait(waitMs, signal);
  }

  /** Remembers what an answer says of its limits: asking an exhausted route again costs the bot its good name. */
  function note(route: string, { status, headers, json }: Said): void {
    if (status === 429) {
      const afterS = Number(json['retry_after'] ?? headers.get('retry-after'));
      const key = json['global'] === true ? '*' : route;
      closedUntilMs.set(key, performance.now() + 1000 * (Number.isFinite(afterS) ? Math.max(afterS, 0.05) : 1));
    } else if (headers.get('x-ratelimit-remaining') === '0') {
      const afterS = Number(headers.get('x-ratelimit-reset-after'));
      if (Number.isFinite(afterS)) closedUntilMs.set(route, performance.now() + 1000 * afterS);
    }
  }

  async function once(
    method: string,
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<Said | DiscordError> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), attemptTimeoutMs);
    try {
      const response = await fetch(base + path, {
        method,
        headers: {
          authorization: `Bot ${bot_token}`,
          'user-agent': userAgent,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        redirect: 'error', // the token goes to Discord and nowhere else
        signal: AbortSignal.any([signal, late.signal]),
      });
      return { status: response.status, headers: response.headers, json: await readJson(response) };
    } catch (cause) {
      const detail = late.signal.aborted ? `no answer within ${attemptTimeoutMs / 1000} s` : reasonOf(cause);
      return discordError('HELIO_DISCORD_UNREACHABLE', detail, cause);
    } finally {
      clearTimeout(timer);
    }
  }
}

function wrong({ status, json }: Said): DiscordError {
  const { code } = json;
  const detail = `${status}${typeof code === 'number' ? `, code ${code}` : ''}${typeof json['message'] === 'string' ? `, ${json['message'].slice(0, 200)}` : ''}`;
  if (status === 401) return discordError('HELIO_DISCORD_UNAUTHORIZED');
  if (status === 403) return discordError('HELIO_DISCORD_FORBIDDEN', detail);
  if (code === unknownMessage) return discordError('HELIO_DISCORD_MESSAGE_GONE');
  if (code === unknownChannel || status === 404) return discordError('HELIO_DISCORD_CHANNEL_UNKNOWN');
  if (status === 429) return discordError('HELIO_DISCORD_RATE_LIMITED', 'again and again');
  if (status >= 500) return discordError('HELIO_DISCORD_UNREACHABLE', detail);
  return discordError('HELIO_DISCORD_REJECTED', detail);
}

/** An answer that is no JSON object is an empty one: proxies and Cloudflare answer in HTML. */
async function readJson(response: Response): Promise<JsonObject> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > mostBytes) throw new Error('the answer is too large');
    chunks.push(chunk as Uint8Array);
  }
  try {
    const read = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json;
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? (read as JsonObject) : {};
  } catch {
    return {};
  }
}

/** The code of a failed connection; its message may hold addresses, and fetch hides it in a cause. */
function reasonOf(cause: unknown): string {
  const inner = (cause as { cause?: { code?: unknown } }).cause;
  if (typeof inner?.code === 'string') return inner.code;
  return (cause as Error).name === 'AbortError' ? 'it was given up' : (cause as Error).message;
}

/** Ends early, without an error, when the delivery is given up. */
const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined);
