/** Helio as a client of its own upstream: the tool list when no client has asked for it yet. */
import type { ToolDefinition } from '../plugin.ts';
import { ask, type OnBehalf } from './ask.ts';
import { createCatalogue, type Asker } from './catalogue.ts';
import { firstModernVersion, metaKeys } from './era.ts';
import { headerOf } from './headers.ts';
import { isMessage, readMessage } from './messages.ts';
import type { Upstream } from './upstream.ts';

const latestLegacyVersion = '2025-11-25';

export interface OwnIdentity {
  readonly name: string;
  readonly version: string;
}

/** All tools as Helio itself sees them, with its own credentials only. Rejects with a sentence. */
export async function listTools(
  upstream: Upstream,
  self: OwnIdentity,
  trust: 'trusted' | 'untrusted',
): Promise<readonly ToolDefinition[]> {
  const modern: OnBehalf = {
    era: 'modern',
    headers: { 'mcp-protocol-version': firstModernVersion },
    session: undefined,
    meta: {
      [metaKeys.protocolVersion]: firstModernVersion,
      [metaKeys.clientInfo]: { ...self },
      [metaKeys.clientCapabilities]: {},
    },
  };
  const first = upstream.transport === 'sse' ? undefined : await ask(upstream, modern, 'server/discover', {});
  if (first?.answer?.kind === 'result') return pages(upstream, modern, trust);

  const opening: OnBehalf = { era: 'legacy', headers: {}, session: undefined, meta: {} };
  const opened = await ask(upstream, opening, 'initialize', {
    protocolVersion: latestLegacyVersion,
    capabilities: {},
    clientInfo: { ...self },
  });
  if (opened.answer?.kind !== 'result')
    throw new Error(`the upstream refused to be initialised (HTTP ${opened.status})`);
  const session = headerOf(opened.headers, 'mcp-session-id');
  const { protocolVersion } = opened.answer.value() as { protocolVersion?: unknown };
  const headers = {
    'mcp-protocol-version': String(protocolVersion ?? latestLegacyVersion),
    ...(session !== undefined && { 'mcp-session-id': session }),
  };
  const legacy: OnBehalf = { era: 'legacy', headers, session, meta: {} };
  await notify(upstream, legacy, 'notifications/initialized');
  try {
    return await pages(upstream, legacy, trust);
  } finally {
    if (session !== undefined) upstream.exchange({ verb: 'DELETE', era: 'legacy', headers, session }, silent());
  }
}

async function pages(
  upstream: Upstream,
  who: OnBehalf,
  trust: 'trusted' | 'untrusted',
): Promise<readonly ToolDefinition[]> {
  const asker: Asker = {
    viewKey: 'own',
    async list(cursor) {
      const told = await ask(upstream, who, 'tools/list', cursor === undefined ? {} : { cursor });
      if (told.answer?.kind !== 'result') throw new Error('the upstream refused to list its tools');
      return told.answer;
    },
  };
  return createCatalogue(trust).all(asker);
}

function notify(upstream: Upstream, who: OnBehalf, method: string): Promise<void> {
  const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', method }));
  const message = readMessage(bytes);
  if (!isMessage(message)) throw new Error('unreachable: a made message is a message');
  const headers = { ...who.headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return new Promise((resolve) => {
    upstream.exchange(
      { verb: 'POST', era: who.era, headers, bytes, message, session: who.session },
      { ...silent(), end: resolve, failed: () => resolve() },
    );
  });
}

function silent() {
  return { head() {}, chunk() {}, end() {}, failed() {} };
}
