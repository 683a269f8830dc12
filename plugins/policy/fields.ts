/** Checks and compiles the fields of a rule (`limits`, `evidence`, ...), the ones that several plugins share part by part. */
import type { ConfigPath } from '@gethelio/proxy/plugin';
import type { CompileContext, RuleField } from './contract.ts';
import { unknownWord, type Language } from './language.ts';
import { compileContext, isObject } from './match.ts';

export interface CompiledField {
  readonly key: string;
  readonly compiled: unknown;
  readonly gate: boolean;
  readonly alone: boolean;
  /** `limits`, `limits.calls`: what an action's `needs` may ask for. */
  readonly provides: readonly string[];
}

/** Fields with a mistake are reported and left out. */
export function compileFields(
  written: { readonly [key: string]: unknown },
  path: ConfigPath,
  rule: CompileContext['rule'],
  restricts: boolean,
  language: Language,
): readonly CompiledField[] {
  const compiled: CompiledField[] = [];
  for (const [key, value] of Object.entries(written)) {
    const sharing = language.fields.get(key);
    if (!sharing) continue;
    const context = compileContext(language, rule, [...path, key], restricts);
    const whole = sharing.length === 1 && sharing[0]!.part === undefined;
    const field = whole
      ? compileWhole(sharing[0]!, value, context, language)
      : compileParts(key, sharing, value, context, language);
    if (field) compiled.push(field);
  }
  return compiled;
}

function compileWhole(
  field: RuleField<any, any>,
  value: unknown,
  context: CompileContext,
  language: Language,
): CompiledField | undefined {
  const parsed = language.check(field.schema, value, context.path);
  if (parsed === undefined) return undefined;
  return {
    key: field.key,
    compiled: field.compile ? field.compile(parsed, context) : parsed,
    gate: field.gate === true,
    alone: field.alone === true,
    provides: [field.key],
  };
}

/** Each part checks its own keys with its own schema; a key that no part knows is a mistake. */
function compileParts(
  key: string,
  parts: readonly RuleField<any, any>[],
  value: unknown,
  context: CompileContext,
  language: Language,
): CompiledField | undefined {
  const known = parts.flatMap((part) => Object.keys(shapeOf(part)));
  if (!isObject(value) || Object.keys(value).length === 0) {
    context.report(`${key} is an object with at least one of ${known.join(', ')}`, [], `write ${key}: { ... }`);
    return undefined;
  }
  const unknown = Object.keys(value).filter((one) => !known.includes(one));
  for (const one of unknown) {
    const { message, fix } = unknownWord('key', one, known, `${key}.${one}`);
    language.report({ code: 'HELIO_POLICY_UNKNOWN_FIELD', path: [...context.path, one], message, fix });
  }
  if (unknown.length > 0) return undefined;
  const compiled: Record<string, unknown> = {};
  const present: RuleField<any, any>[] = [];
  for (const part of parts) {
    const own = Object.fromEntries(Object.entries(value).filter(([one]) => Object.hasOwn(shapeOf(part), one)));
    if (Object.keys(own).length === 0) continue;
    const parsed = language.check(part.schema, own, context.path);
    if (parsed === undefined) continue;
    compiled[part.part!] = part.compile ? part.compile(parsed, context) : parsed;
    present.push(part);
  }
  if (present.length === 0) return undefined;
  return {
    key,
    compiled: Object.freeze(compiled),
    gate: present.some(({ gate }) => gate),
    alone: present.some(({ alone }) => alone),
    provides: [key, ...present.map(({ part }) => `${key}.${part}`)],
  };
}

/** A part's schema is a `z.strictObject`. */
export function shapeOf(part: RuleField<any, any>): { readonly [key: string]: unknown } {
  return (part.schema as unknown as { readonly shape?: { readonly [key: string]: unknown } }).shape ?? {};
}

/** Keys that two parts of one field claim. */
export function contestedKeys(parts: readonly RuleField<any, any>[]): readonly string[] {
  const keys = parts.flatMap((part) => Object.keys(shapeOf(part)));
  return keys.filter((key, i) => keys.indexOf(key) !== i);
}
