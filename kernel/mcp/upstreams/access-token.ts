/** Helio's own access token for an upstream: client credentials grant (RFC 6749, section 4.4), fetched when it is needed. */
import { request } from 'undici';
import type { UpstreamConfig } from '../config.ts';

type OAuth = Extract<UpstreamConfig['auth'], { type: 'oauth' }>;

/** A new one is fetched this long before the old one ends. */
const earlyMs = 30_000;
const defaultLifeMs = 5 * 60_000;
const timeoutMs = 10_000;

export interface AccessToken {
  /** The value of the Authorization header; at once when the token at hand is fresh. */
  authorization(): string | Promise<string>;
  /** The upstream said 401: the token at hand is no good any more. */
  refused(): void;
}

export function createAccessToken(config: OAuth, nowMs: () => number = Date.now): AccessToken {
  let held: { readonly header: string; readonly untilMs: number } | undefined;
  let fetching: Promise<string> | undefined;

  async function fetchToken(): Promise<string> {
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (config.scope !== undefined) form.set('scope', config.scope);
    if (config.audience !== undefined) form.set('resource', config.audience);
    // RFC 6749, section 2.3.1: both parts are form-encoded before they become Basic credentials.
    const basic = Buffer.from(
      `${encodeURIComponent(config.client_id)}:${encodeURIComponent(config.client_secret)}`,
    ).toString('base64');
    const { statusCode, body } = await request(config.token_url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${basic}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: form.toString(),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`the token endpoint answered HTTP ${statusCode}`);
    const { access_token: token, expires_in: lifeS } = readToken(text);
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
      throw new Error('the token endpoint gave no access token');
    const lifeMs = typeof lifeS === 'number' && lifeS > 0 ? lifeS * 1000 : defaultLifeMs;
    held = { header: `Bearer ${token}`, untilMs: nowMs() + Math.max(lifeMs - earlyMs, lifeMs / 2) };
    return held.header;
  }

  return {
    authorization() {
      if (held && held.untilMs > nowMs()) return held.header;
      return (fetching ??= fetchToken().finally(() => (fetching = undefined)));
    },
    refused() {
      held = undefined;
    },
  };
}

function readToken(text: string): { access_token?: unknown; expires_in?: unknown } {
  try {
    return JSON.parse(text) as object;
  } catch {
    throw new Error('the token endpoint answered with something that is no JSON');
  }
}
