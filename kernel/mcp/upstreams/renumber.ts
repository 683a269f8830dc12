/** How messages change on a connection that all modern clients share: ids, progress tokens and subscription ids are Helio's. */
import type { JsonObject } from '../../plugin.ts';
import { metaKeys, metaOf } from '../era.ts';
import { exactText, readStrict } from '../json.ts';
import { isMessage, isObject, readMessage, rpcCode, type Message } from '../messages.ts';
import { withMember } from '../rewrite.ts';
import type { Scanned } from '../scan.ts';

const httpStatus: { readonly [code: number]: number } = {
  [rpcCode.methodNotFound]: 404,
  [rpcCode.headerMismatch]: 400,
  [-32021]: 400,
  [rpcCode.unsupportedVersion]: 400,
};

/** The client's own progress token, as JSON; undefined when it gave none. */
export function tokenTextOf(params: JsonObject): string | undefined {
  const meta = metaOf(params);
  const token = meta['progressToken'];
  if (typeof token === 'string') return JSON.stringify(token);
  return typeof token === 'number' ? (exactText(meta, 'progressToken') ?? String(token)) : undefined;
}

/** As JSON, of a progress notification of the upstream. */
export function progressTokenOf(bytes: Buffer): string | undefined {
  try {
    const { params } = JSON.parse(bytes.toString()) as { params?: { progressToken?: unknown } };
    return params?.progressToken === undefined ? undefined : JSON.stringify(params.progressToken);
  } catch {
    return undefined;
  }
}

/** Of a message that Helio itself rewrote. */
export function reread(bytes: Uint8Array): Message {
  const message = readMessage(bytes);
  if (!isMessage(message)) throw new Error('unreachable: a rewritten message is a message');
  return message;
}

/** The request under another id, which is its progress token too where the client gave one. */
export function renumbered(message: Message, id: number, hasToken: boolean): string {
  if (!hasToken) return withMember(message.object, 'id', String(id));
  const meta = withMember(metaOf(message.params), 'progressToken', String(id));
  const object: JsonObject = message.object;
  const whole = withMember(object, 'params', withMember(message.params, '_meta', meta));
  const again = readStrict(Buffer.from(whole));
  if (!again.ok || !isObject(again.value)) throw new Error('unreachable: a rewritten message is a message');
  return withMember(again.value, 'id', String(id));
}

/** The result that ends a subscription names it (MCP 2026-07-28, SubscriptionsListenResultMeta). */
export function restoreSubscription(bytes: Buffer, idText: string): Buffer {
  const read = readStrict(bytes);
  const result = read.ok && isObject(read.value) ? read.value['result'] : undefined;
  if (!read.ok || !isObject(result) || metaOf(result)[metaKeys.subscriptionId] === undefined) return bytes;
  const meta = withMember(metaOf(result), metaKeys.subscriptionId, idText);
  return Buffer.from(withMember(read.value as JsonObject, 'result', withMember(result, '_meta', meta)));
}

/** MCP 2026-07-28, transports: which errors have a status of their own. */
export function statusOf(scanned: Scanned): number {
  if (scanned.answer!.kind !== 'error') return 200;
  try {
    const { code, data } = scanned.answer!.value() as { code: number; data?: { envelope?: unknown } };
    if (code === rpcCode.invalidParams && data?.envelope !== undefined) return 400;
    return httpStatus[code] ?? 200;
  } catch {
    return 200;
  }
}
