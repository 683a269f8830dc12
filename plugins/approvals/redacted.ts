/** What a ticket may keep of a call: `audit.redact` holds for what people decide on, too. */
import { readStrictText, writeJson, type Call, type Json, type JsonObject } from '@gethelio/proxy/plugin';
import type { Redact } from '@gethelio/proxy/contracts/audit';
import type { Asker } from './contract.ts';
import { visible } from './visible.ts';

export interface Shown {
  /** Numbers keep their exact text (`decimalAt`). */
  readonly arguments: Json;
  readonly askers: readonly Asker[];
}

/** What cannot be looked through is not shown. */
const unreadable = '(unreadable)';

/** One pass over everything: a value that is taken out of the arguments is taken out of the reasons that repeat it. */
export function shownOf(call: Call, askers: readonly Asker[], redact: Redact | undefined): Shown {
  if (!redact?.active) return { arguments: call.arguments, askers: askers.map(inert) };
  const asked = askers.map(({ reason, details }) => [reason, details ?? null]);
  const read = readStrictText(redact.json(writeJson({ arguments: call.arguments, asked } as Json)));
  const kept = (read.ok ? read.value : {}) as { readonly arguments?: Json; readonly asked?: Json };
  return {
    arguments: kept.arguments ?? unreadable,
    askers: askers.map((asker, index) => {
      const { details: _details, ...rest } = asker;
      const [reason, details] = entryOf(kept.asked, index);
      const isObject = typeof details === 'object' && details !== null && !Array.isArray(details);
      return inert({
        ...rest,
        reason: typeof reason === 'string' ? reason : unreadable,
        ...(isObject && { details: details as JsonObject }),
      });
    }),
  };
}

function entryOf(asked: Json | undefined, index: number): readonly Json[] {
  const entry = Array.isArray(asked) ? (asked[index] as Json) : undefined;
  return Array.isArray(entry) ? entry : [];
}

const inert = (asker: Asker): Asker => ({ ...asker, reason: visible(asker.reason) });
