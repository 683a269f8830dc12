/** The rule field `evidence`: what has to be known in this session before a call may go. */
import { duration } from '@gethelio/proxy/plugin';
import type { Redact } from '@gethelio/proxy/contracts/audit';
import type {
  CompileContext,
  CompiledComparison,
  CompiledPath,
  PolicyLanguage,
} from '@gethelio/proxy/contracts/policy';
import { z } from 'zod';
import type { EvidenceSource } from './contract.ts';

const requirement = z.union([
  z.string().min(1).describe("A tool's name, or the name or key of evidence that the SDK marked."),
  z.strictObject({
    name: z.string().min(1).describe("A tool's name, or the name or key of evidence that the SDK marked."),
    where: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        "Binds it to this call: a path into the evidence, and what must hold there (`{ equals_input: '$.order_id' }`). A path without one value in the evidence does not hold.",
      ),
    max_age: duration().optional().describe('How old it may be, in place of its own time to live.'),
    single_use: z
      .boolean()
      .default(false)
      .describe('One call uses it up. Given back when the upstream provably did not act.'),
    source: z
      .enum(['proxy', 'sdk'])
      .optional()
      .describe('`proxy`: only what Helio itself saw succeed. `sdk`: only what the application marked.'),
  }),
]);

export const evidenceField = z.strictObject({
  requires: z.array(requirement).min(1).describe('All of these must be there.'),
});

export interface Condition {
  readonly path: CompiledPath;
  readonly comparison: CompiledComparison;
}
export interface Requirement {
  readonly name: string;
  readonly where: readonly Condition[];
  readonly maxAgeMs: number | undefined;
  readonly singleUse: boolean;
  readonly source: EvidenceSource | undefined;
}

/** Compiles once, at load. A mistake in a path or an operator is reported with its place. */
export function compileEvidence(
  parsed: z.output<typeof evidenceField>,
  context: CompileContext,
  language: PolicyLanguage,
  redact: Redact | undefined,
): readonly Requirement[] {
  return parsed.requires.map((written, index) => {
    if (typeof written === 'string')
      return { name: written, where: [], maxAgeMs: undefined, singleUse: false, source: undefined };
    const { name, where = {}, max_age: maxAgeMs, single_use: singleUse, source } = written;
    const at = ['requires', index, 'where'] as const;
    const conditions = Object.entries(where).flatMap(([text, operators]): Condition[] => {
      try {
        const path = language.path(text);
        if (isHidden(path, redact))
          context.report(
            `audit.redact takes out what stands at ${text}, so no evidence ever holds it and this is never met`,
            [...at, text],
            'compare another value, or leave this one out of audit.redact',
          );
        const comparison = language.comparison(operators, (message, way, fix) =>
          context.report(message, [...at, text, ...way], fix),
        );
        return comparison === undefined ? [] : [{ path, comparison }];
      } catch (error) {
        context.report((error as Error).message, [...at, text]);
        return [];
      }
    });
    return { name, where: conditions, maxAgeMs, singleUse, source };
  });
}

/** A value that redaction takes out before it is kept cannot be compared. */
function isHidden({ text }: CompiledPath, redact: Redact | undefined): boolean {
  if (!redact?.active) return false;
  const steps = [...text.matchAll(/\.([\p{L}\p{N}_-]+)|\[(?:'([^']+)'|"([^"]+)"|([\d*]+))\]/gu)].map(
    ([, member, single, double, index]) => member ?? single ?? double ?? (index === '*' ? '0' : index!),
  );
  return redact.hides(['answer', 'structuredContent', ...steps]) || redact.hides(['evidence', ...steps]);
}
