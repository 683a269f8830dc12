/**
 * Tells the judges of a repeat that its approval was given: evidence that was fresh when the person was asked still counts
 * (architecture: judged again). Grants are few and known from memory, so a call that none is for costs a look at a map.
 */
import type { Call, Facts } from '@gethelio/proxy/plugin';
import type { Documents } from '@gethelio/proxy/contracts/state';
import { principal } from '@gethelio/proxy/contracts/identity';
import type { Grant } from './contract.ts';
import { subjectOf } from './digest.ts';
import { collections, onceKey, readGrant } from './store.ts';
import { visible } from './visible.ts';

const pageSize = 500;
const fewGrants = 20;

export function createGranted(documents: Documents, bindingKey: () => Uint8Array) {
  const names = new Map<string, string>(); // grant key -> tool

  async function refresh(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const found = await readGrant(documents, key);
      if (found === undefined) names.delete(key);
      else names.set(key, found.value.name);
    }
  }
  async function load(): Promise<void> {
    names.clear();
    let after: string | undefined;
    for (;;) {
      const query = { prefix: 'once.', limit: pageSize, ...(after !== undefined && { after }) };
      const page = await documents.list(collections.grants, query);
      for (const { key, value } of page) names.set(key, (value as unknown as Grant).name);
      if (page.length < pageSize) return;
      after = page.at(-1)!.key;
    }
  }

  return {
    load,
    watch: (failed: (cause: unknown) => void): (() => void) =>
      documents.watch(collections.grants, (keys) => {
        (keys.length === 0 ? load() : refresh(keys.filter((key) => key.startsWith('once.')))).catch(failed);
      }),
    /** When a person was asked for exactly this call, if the yes is there. */
    askedAtMs(call: Call, facts: Facts): Promise<number | undefined> | undefined {
      if (names.size === 0 || call.kind === 'list') return undefined;
      // More than a few grants: the digest is cheaper than a look through all of them.
      if (names.size <= fewGrants && ![...names.values()].includes(visible(call.name))) return undefined;
      const key = onceKey(subjectOf(bindingKey(), facts.get(principal) ?? 'anonymous', call));
      if (names.get(key) !== visible(call.name)) return undefined;
      return readGrant(documents, key).then((found) => found?.value.askedAtMs);
    },
  };
}
export type Granted = ReturnType<typeof createGranted>;
