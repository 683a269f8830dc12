/** Whether one requirement is met by what a session has - and if not, in which way it is not. */
import { decimalAt, type Call, type Json } from '@gethelio/proxy/plugin';
import type { ValueSource } from '@gethelio/proxy/contracts/policy';
import type { StoredDocument } from '@gethelio/proxy/contracts/state';
import { entryOf, jsonOf, type Entry } from './entry.ts';
import type { Condition, Requirement } from './requirement.ts';

export type Met =
  | { readonly kind: 'met'; readonly document: StoredDocument; readonly entry: Entry }
  | { readonly kind: 'missing' }
  | { readonly kind: 'expired' }
  /** `comparisons`: which ones failed. Never a value of the other entity. */
  | { readonly kind: 'mismatch'; readonly comparisons: readonly string[] };

/** `documents` are all entries of the word in this session. The newest entry that fits is taken. */
export function meet(requirement: Requirement, documents: readonly StoredDocument[], call: Call, nowMs: number): Met {
  const candidates = documents
    .map((document) => ({ document, entry: entryOf(document) }))
    .filter(({ entry }) => requirement.source === undefined || entry.source === requirement.source)
    .filter(({ entry }) => entry.source === 'sdk' || isOfUpstream(entry, requirement.name, call.upstream))
    .sort((a, b) => b.entry.atMs - a.entry.atMs);
  if (candidates.length === 0) return { kind: 'missing' };
  const fresh = candidates.filter(({ entry }) => nowMs - entry.atMs <= (requirement.maxAgeMs ?? entry.ttlMs));
  if (fresh.length === 0) return { kind: 'expired' };
  let comparisons: readonly string[] = [];
  for (const candidate of fresh) {
    const failed = requirement.where.filter((condition) => !holds(condition, candidate.entry, call));
    if (failed.length === 0) return { kind: 'met', ...candidate };
    if (comparisons.length === 0) comparisons = failed.map(({ path, comparison }) => `${path.text} ${comparison.text}`);
  }
  return { kind: 'mismatch', comparisons };
}

/** A bare name never lets another upstream satisfy a rule; `shop__orders.lookup` names the upstream itself. */
function isOfUpstream(entry: Entry, required: string, upstream: string): boolean {
  return entry.upstream === upstream || (entry.upstream !== undefined && required.startsWith(`${entry.upstream}__`));
}

/** Every value at the path must hold, and there must be one: what is not known does not vouch for anything. */
function holds({ path, comparison }: Condition, entry: Entry, call: Call): boolean {
  const texts = entry.values[path.text] ?? [];
  const input: ValueSource = { root: call.arguments as Json, decimal: (at) => call.decimal(at) };
  return (
    texts.length > 0 &&
    texts.every((text) => {
      const root = jsonOf(`{"value":${text}}`) as { value: Json } | undefined;
      if (root === undefined) return false;
      const left: ValueSource = { root, decimal: (at) => decimalAt(root as never, at) };
      return comparison.test(left, '$.value', root.value, input) === true;
    })
  );
}
