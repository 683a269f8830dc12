/** The `redact` service: the configured rules for whatever shows or stores what passed. */
import type { Json } from '@gethelio/proxy/plugin';
import type { Redact } from '../contract.ts';
import { redactJson, redactText, scrubJson, scrubText, UnreadableJson, type Taken } from './json-text.ts';
import { compileRules, type CompiledRules, type RedactRule } from './rules.ts';

/** `hashKey` is asked for at the first use: no file is read before `onStart`. */
export function createRedact(rules: readonly RedactRule[], hashKey: () => Uint8Array): Redact {
  let compiled: CompiledRules | undefined;
  let unkeyed: CompiledRules | undefined; // says what is taken out, not what stands in its place
  const ready = () =>
    (compiled ??= compileRules(rules, rules.some((rule) => rule.mode === 'hash') ? hashKey() : new Uint8Array()));
  const active = rules.length > 0;
  const json = (text: string, at = ''): string => {
    if (!active) return text;
    const taken: Taken = new Map();
    return scrubJson(redactOrNothing(text, ready(), at, taken), taken);
  };
  return {
    active,
    value: <T extends Json>(value: T, at = ''): T =>
      active ? (JSON.parse(json(JSON.stringify(value), at)) as T) : value,
    json,
    hides(steps) {
      const { forKey, forPath } = (unkeyed ??= compileRules(rules, new Uint8Array()));
      return steps.some((step, index) => (forKey(step) ?? forPath(steps.slice(0, index + 1))) !== undefined);
    },
    text(sentence, source, at = '/arguments') {
      if (!active) return sentence;
      const taken: Taken = new Map();
      redactOrNothing(JSON.stringify(source), ready(), at, taken);
      return scrubText(redactText(sentence, ready(), [], taken), taken);
    },
  };
}

export function stepsOf(at: string): string[] {
  return at.split('/').filter((step) => step !== '');
}

/** What cannot be looked through is not shown. */
export function redactOrNothing(json: string, rules: CompiledRules, at: string, taken: Taken): string {
  try {
    return redactJson(json, rules, stepsOf(at), taken);
  } catch (error) {
    if (error instanceof UnreadableJson || error instanceof SyntaxError) return '"(unreadable)"';
    throw error;
  }
}
