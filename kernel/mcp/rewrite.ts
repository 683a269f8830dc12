/** The judged message with the arguments that a plugin rewrote; everything else keeps its text. */
import type { Call, JsonObject } from '../plugin.ts';
import { writeJson } from './json.ts';
import { exactText } from './json.ts';
import type { Message } from './messages.ts';

export function withArguments(message: Message, next: Call['arguments']): Buffer {
  return Buffer.from(withMember(message.object, 'params', withMember(message.params, 'arguments', writeJson(next))));
}

/** The object as JSON with one member replaced (or added) by a text that is JSON already. */
export function withMember(object: JsonObject, key: string, text: string): string {
  const members: string[] = [];
  let isThere = false;
  for (const name of Object.keys(object)) {
    if (name === key) isThere = true;
    const value = name === key ? text : (exactText(object, name) ?? writeJson(object[name]!));
    members.push(`${JSON.stringify(name)}:${value}`);
  }
  if (!isThere) members.push(`${JSON.stringify(key)}:${text}`);
  return `{${members.join(',')}}`;
}
