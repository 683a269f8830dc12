/** Who calls: reads a session and an agent from how a call arrived. Pure, apart from the sessions made at the door. */
import { createHash } from 'node:crypto';
import type { Arrival } from '@gethelio/proxy/plugin';
import type { AgentIdentity, SessionIdentity } from './contract.ts';
import type { IdentitySection } from './settings.ts';

/** Visible ASCII: nothing that looks like another id, breaks a log line or fills a store. */
const idText = /^[\x21-\x7e]{1,128}$/;

export function agentOf(arrival: Arrival, config: IdentitySection['agent']): AgentIdentity | undefined {
  if (arrival.vouched?.agent !== undefined) return idOf(arrival.vouched.agent, 'vouched');
  if (config === undefined) return undefined;
  if ('value' in config) return { id: config.value, source: 'config' };
  const sent = arrival.header(config.header);
  if (sent === undefined) return undefined;
  if (!('keys' in config)) return idOf(sent, `header:${config.header}`);
  const agent = agentsByKey(config).get(digest(sent.replace(/^Bearer +/i, '')));
  return agent === undefined ? undefined : { id: agent, source: `key:${config.header}` };
}

const knownKeys = new WeakMap<object, ReadonlyMap<string, string>>();

/** Looked up by digest: comparing takes no longer for a key that is nearly right. */
function agentsByKey(config: { readonly keys: readonly { readonly key: string; readonly agent: string }[] }) {
  let keys = knownKeys.get(config);
  if (!keys) knownKeys.set(config, (keys = new Map(config.keys.map(({ key, agent }) => [digest(key), agent]))));
  return keys;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The session that the client names: `x-helio-session-id`, `Mcp-Session-Id`, then the listed headers. The first that is
 * there decides; one that is no proper id is no session, rather than a reason to try the next.
 */
export function namedSession(arrival: Arrival, headers: readonly string[]): SessionIdentity | 'none' | 'improper' {
  if (arrival.vouched !== undefined) return named(arrival.vouched.session, 'vouched') ?? firstHeader(arrival, headers);
  const own = named(arrival.header('x-helio-session-id'), 'header:x-helio-session-id');
  if (own !== undefined) return own;
  const mcp = named(arrival.mcpSession, arrival.door === 'stdio' ? 'door' : 'mcp-session-id');
  return mcp ?? firstHeader(arrival, headers);
}

function firstHeader(arrival: Arrival, headers: readonly string[]): SessionIdentity | 'none' | 'improper' {
  for (const name of ['x-helio-session-id', ...headers]) {
    const found = named(arrival.header(name), `header:${name}`);
    if (found !== undefined) return found;
  }
  return 'none';
}

function named(id: string | undefined, source: string): SessionIdentity | 'improper' | undefined {
  if (id === undefined) return undefined;
  return idOf(id, source) ?? 'improper';
}

function idOf(id: string, source: string): { readonly id: string; readonly source: string } | undefined {
  return idText.test(id) ? { id, source } : undefined;
}
