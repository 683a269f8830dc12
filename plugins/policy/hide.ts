/** `hide_denied`: takes out of tools/list what no arguments could make callable for this caller. */
import {
  resultAnswer,
  toolDefinition,
  type Answer,
  type Json,
  type JsonObject,
  type ResponseContext,
} from '@gethelio/proxy/plugin';
import { isUncallable } from './judge.ts';
import type { CompiledPolicy } from './policy.ts';

/** The list without the hidden tools; undefined when it may stay as it is. */
export function hideDenied(
  policy: CompiledPolicy,
  answer: Answer,
  ctx: ResponseContext,
  trust: 'trusted' | 'untrusted',
): Answer | undefined {
  if (ctx.call.kind !== 'list' || ctx.call.name !== 'tools/list' || answer.kind !== 'result') return undefined;
  const list = answer.value() as JsonObject;
  const tools = list['tools'];
  if (!Array.isArray(tools)) return undefined;
  const shown = tools.filter((raw: Json) => isShown(policy, raw, ctx, trust));
  const isModern = 'ttlMs' in list || 'cacheScope' in list;
  if (shown.length === tools.length && !isModern) return undefined;
  return resultAnswer({
    ...list,
    tools: shown,
    // The list is now this caller's, as the rules are now: nobody may keep it for others or for later.
    ...(isModern && { ttlMs: 0, cacheScope: 'private' }),
  });
}

function isShown(
  policy: CompiledPolicy,
  raw: Json,
  { call, facts, nowMs }: ResponseContext,
  trust: 'trusted' | 'untrusted',
): boolean {
  const tool = toolDefinition(raw, trust);
  if (!tool) return false; // what has no name cannot be called, and cannot be judged
  return !isUncallable(policy, { call: { ...call, kind: 'tool', name: tool.name, arguments: {} }, facts, nowMs, tool });
}
