/** The rule field `requires`: tools that must have been called in this session first. */
import { duration } from '@gethelio/proxy/plugin';
import { z } from 'zod';

const names = z.array(z.string().min(1)).min(1);

/** A list, or an object that says more. */
export const requiresField = z.union([
  names.describe('These tools must have succeeded in this session.'),
  z.strictObject({
    tools: names.describe('These tools must have been called in this session.'),
    requires_success: z.boolean().default(true).describe('false: an attempt is enough.'),
    within: duration().optional().describe('How long ago the call may be.'),
    order: z.enum(['any', 'strict']).default('any').describe('`strict`: in the order in which they are listed.'),
  }),
]);

export interface Requires {
  readonly tools: readonly string[];
  readonly needsSuccess: boolean;
  readonly withinMs: number | undefined;
  readonly inOrder: boolean;
}

export function compileRequires(parsed: z.output<typeof requiresField>): Requires {
  if (Array.isArray(parsed)) return { tools: parsed, needsSuccess: true, withinMs: undefined, inOrder: false };
  const {
    tools,
    requires_success: needsSuccess,
    within: withinMs,
    order,
  } = parsed as Exclude<typeof parsed, readonly string[]>;
  return { tools, needsSuccess, withinMs, inOrder: order === 'strict' };
}
