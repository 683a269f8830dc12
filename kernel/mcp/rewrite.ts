/** The judged message with the arguments that a plugin rewrote; everything else keeps its text. */
import type { Call, JsonObject } from '../plugin.ts';
import { writeJson } from './json.ts';
import { exactText } from './json.ts';
import type { Message } from './messages.ts';

/** A state that Helio handed out itself (a held call's further leg): no upstream knows it, so none gets it. */
const ownState = 'helio.';

/** What goes to the upstream: the client's own bytes, unless a plugin rewrote the arguments or the state is Helio's. */
export function outgoingBytes(message: Message, next: Call['arguments'] | undefined): Uint8Array {
  const state = message.params['requestState'];
  if (typeof state !== 'string' || !state.startsWith(ownState))
    return next === undefined ? message.bytes : withArguments(message, next);
  const given = next ?? message.params['arguments'];
  const params =
    given === undefined
      ? withMember(message.params, 'requestState', undefined)
      : withMember(message.params, 'arguments', writeJson(given), 'requestState');
  return Buffer.from(withMember(message.object, 'params', params));
}

export function withArguments(message: Message, next: Call['arguments']): Buffer {
  return Buffer.from(withMember(message.object, 'params', withMember(message.params, 'arguments', writeJson(next))));
}

/**
 * The object as JSON with one member replaced (or added) by a text that is JSON already, or left out when there is none;
 * `without` is left out too.
 */
export function withMember(object: JsonObject, key: string, text: string | undefined, without?: string): string {
  const members: string[] = [];
  let isThere = text === undefined;
  for (const name of Object.keys(object)) {
    if (name === without || (name === key && text === undefined)) continue;
    if (name === key) isThere = true;
    const value = name === key ? text : (exactText(object, name) ?? writeJson(object[name]!));
    members.push(`${JSON.stringify(name)}:${value}`);
  }
  if (!isThere) members.push(`${JSON.stringify(key)}:${text}`);
  return `{${members.join(',')}}`;
}
