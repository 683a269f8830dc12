/** `context:` - what the SDK set for this session. */
import { session } from '@gethelio/proxy/contracts/identity';
import type { Json } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import { seenAt, show, type Truth } from '../comparand.ts';
import { compileParts, partsText, testParts } from '../comparison.ts';
import type { BuiltIn } from './built-in.ts';

type Written = { readonly [key: string]: Json };
const schema = z
  .record(z.string(), z.json().describe('A value (eq), a list (in), or operators: { gte: 3 }.'))
  .refine((keys) => Object.keys(keys).length > 0, 'name at least one key');

export const context: BuiltIn<Written> = {
  key: 'context',
  summary: 'Values that the SDK set for this session (`ctx.set(key, value)`), with the operators of `input`.',
  example: 'context: { role: support, case_open: true }',
  schema: schema as z.ZodType<Written>,
  reads: 'arguments',
  volatile: true,
  compile(written, compiling) {
    const { sessions } = compiling;
    if (!sessions) {
      compiling.report('`context` is what the SDK sets, and no plugin receives it', [], 'add sideband to plugins:');
      return () => undefined;
    }
    const tests = Object.entries(written).flatMap(([key, value]) => {
      const parts = compileParts(value, (message, at, fix) => compiling.report(message, [key, ...at], fix));
      return parts ? [{ key, parts }] : [];
    });
    return ({ call, facts, note }) => {
      const id = facts.get(session)?.id;
      if (id === undefined) {
        note('no session was established, so nothing is known of its context: cannot be judged');
        return undefined;
      }
      const values = sessions.get(id) ?? {};
      const source = { root: values as Json, decimal: (at: string) => decimalOf(values, at) };
      const args = { root: call.arguments as Json, decimal: (at: string) => call.decimal(at) };
      let result: Truth = true;
      for (const { key, parts } of tests) {
        const value = Object.hasOwn(values, key) ? values[key]! : undefined;
        const truth = value === undefined ? onMissing(parts) : testParts(parts, seenAt(source, key, value), args);
        note(
          `context ${key} is ${show(value)}, ${partsText(parts)}: ${truth === undefined ? 'cannot be judged' : truth}`,
        );
        if (truth === false) result = false;
        else if (truth === undefined && result) result = undefined;
      }
      return result;
    };
  },
};

function onMissing(parts: readonly { readonly operator: string; readonly operand: Json }[]): boolean {
  return parts.length === 1 && parts[0]!.operator === 'exists' && parts[0]!.operand === false;
}

/** Context values come as JSON from the SDK: a scalar under its key, so the path is the key. */
function decimalOf(values: { readonly [key: string]: Json }, key: string): string | undefined {
  const value = values[key];
  return typeof value === 'number' ? String(value) : undefined;
}
