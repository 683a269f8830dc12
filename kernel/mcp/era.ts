/** Which protocol a request speaks, and whether its headers tell the same story as its body (MCP 2026-07-28, SEP-2243). */
import { isObject, type Message } from './messages.ts';
import type { JsonObject } from '../plugin.ts';

export type Era = 'legacy' | 'modern';

export const firstModernVersion = '2026-07-28';
export const metaKeys = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const;

const none: JsonObject = Object.freeze({});

export function metaOf(params: JsonObject): JsonObject {
  const meta = params['_meta'];
  return isObject(meta) ? meta : none;
}

/** The body decides; for a message without an envelope the header does, `initialize` apart. */
export function eraOf(message: Message, versionHeader: string | undefined): Era {
  const claimed = metaOf(message.params)[metaKeys.protocolVersion];
  if (claimed !== undefined) return 'modern'; // whatever version it names: no legacy message has an envelope
  if (message.method === 'initialize' || message.kind === 'response') return 'legacy';
  return versionHeader !== undefined && isVersion(versionHeader) && versionHeader.trim() >= firstModernVersion
    ? 'modern'
    : 'legacy';
}

function isVersion(text: string): boolean {
  return /^\s*\d{4}-\d{2}-\d{2}\s*$/.test(text);
}

/**
 * A sentence when a modern request lacks what must be in its envelope (MCP 2026-07-28, basic, RequestMetaObject). A
 * server that decides its era by what it reads first would take such a request for a legacy one.
 */
export function envelopeFault(message: Message): string | undefined {
  const meta = metaOf(message.params);
  const missing = [metaKeys.protocolVersion, metaKeys.clientCapabilities].filter((key) => meta[key] === undefined);
  if (missing.length > 0)
    return `Invalid params: the request is missing the required per-request envelope key(s): ${missing.join(', ')}`;
  if (typeof meta[metaKeys.protocolVersion] !== 'string')
    return `Invalid params: ${metaKeys.protocolVersion} must be a string`;
  return isObject(meta[metaKeys.clientCapabilities])
    ? undefined
    : `Invalid params: ${metaKeys.clientCapabilities} must be an object`;
}

/** Where `Mcp-Name` must be mirrored from. */
const nameSource: { readonly [method: string]: string } = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/**
 * A sentence part when a header names something else than the body: whoever trusts the header would let another
 * message through. Also checked in the legacy era, where no honest client sends these headers. `isStrict` asks for the
 * headers that a modern request must have; an HTTP upstream asks for them itself.
 */
export function headerMismatch(
  message: Message,
  era: Era,
  header: (name: string) => string | undefined,
  isStrict: boolean,
): string | undefined {
  if (message.kind === 'response') return undefined;
  const method = header('mcp-method');
  if (method !== undefined && method.trim() !== message.method) {
    return `the body names method ${message.method} but the Mcp-Method header names ${shown(method)}`;
  }
  const version = header('mcp-protocol-version');
  const claimed = metaOf(message.params)[metaKeys.protocolVersion];
  if (version !== undefined && typeof claimed === 'string' && version.trim() !== claimed) {
    return `the body envelope names protocol version ${claimed} but the MCP-Protocol-Version header names ${shown(version)}`;
  }
  const mustMirror = isStrict && era === 'modern' && message.kind === 'request';
  if (mustMirror && version === undefined) return 'the required MCP-Protocol-Version header is absent';
  if (mustMirror && method === undefined) return 'the required Mcp-Method header is absent';
  const source = Object.hasOwn(nameSource, message.method!) ? nameSource[message.method!] : undefined;
  const name = header('mcp-name');
  if (name === undefined) {
    if (mustMirror && source !== undefined && typeof message.params[source] === 'string')
      return 'the required Mcp-Name header is absent';
    return undefined;
  }
  if (source === undefined) return undefined;
  const decoded = decodeHeaderValue(name.trim());
  if (decoded === undefined) return 'the Mcp-Name header carries an invalid Base64 value';
  if (decoded !== message.params[source]) return `the body carries another params.${source} than the Mcp-Name header`;
  return undefined;
}

/** `=?base64?...?=` or the text itself; undefined when it is not canonical Base64 of UTF-8. */
export function decodeHeaderValue(value: string): string | undefined {
  if (!value.startsWith('=?base64?') || !value.endsWith('?=') || value.length < 11) return value;
  const encoded = value.slice(9, -2);
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The other way round: text as it is where a header can hold it. */
export function encodeHeaderValue(text: string): string {
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith('=?base64?');
  return isPlain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
