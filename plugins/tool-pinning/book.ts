/** All pins: in the store, and here in memory for judging without a round trip. */
import type { Commit, Documents } from '@gethelio/proxy/contracts/state';
import type { Json, JsonObject, StoreOp } from '@gethelio/proxy/plugin';
import { accepted, firstPin, hashOf, observed, stateOf, type Pin } from './pin.ts';

const collection = 'pins';
const pageSize = 1000;
/** A document beside the pins: the baseline of an upstream is complete, what comes later is new. */
const baselineKey = (upstream: string): string => `${encodeURIComponent(upstream)}/`;
const keyOf = (upstream: string, name: string): string => `${baselineKey(upstream)}${encodeURIComponent(name)}`;

/** What an observation found that people should hear of. */
export interface Finding {
  readonly upstream: string;
  readonly tool: string;
  readonly change: 'new' | 'changed' | 'removed' | 'returned';
}

export function createBook(store: { readonly commit: Commit; readonly documents: Documents }) {
  const pins = new Map<string, Pin>();
  const baselines = new Set<string>();
  let writing: Promise<unknown> = Promise.resolve();

  function remember(key: string, value: Json | undefined): void {
    if (key.endsWith('/')) return void (value === undefined ? baselines.delete(key) : baselines.add(key));
    if (value === undefined) pins.delete(key);
    else pins.set(key, value as unknown as Pin);
  }

  async function load(): Promise<void> {
    for (let after: string | undefined; ;) {
      const page = await store.documents.list(collection, { limit: pageSize, ...(after !== undefined && { after }) });
      for (const { key, value } of page) remember(key, value);
      if (page.length < pageSize) return;
      after = page.at(-1)!.key;
    }
  }

  /** Another process may have pinned or accepted: what the store says counts. */
  async function refresh(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return load();
    for (const key of keys) remember(key, (await store.documents.get(collection, key))?.value);
  }

  async function write(changed: readonly Pin[], more: readonly StoreOp[] = []): Promise<void> {
    const ops: StoreOp[] = changed.map((pin) => ({
      op: 'put',
      collection,
      key: keyOf(pin.upstream, pin.name),
      value: pin as unknown as Json,
    }));
    if (ops.length + more.length === 0) return;
    const committed = await store.commit.commit([...ops, ...more]);
    if (!committed.ok) throw new Error('the state store refused the pins');
    for (const pin of changed) pins.set(keyOf(pin.upstream, pin.name), pin);
  }

  /** One after the other: two lists that pass at once must not both find the same tool new. */
  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = writing.then(run, run);
    writing = turn.catch(() => undefined);
    return turn;
  }

  return {
    load,
    refresh,
    watch: (): (() => void) => store.documents.watch(collection, (keys) => void refresh(keys).catch(() => undefined)),
    get: (upstream: string, name: string): Pin | undefined => pins.get(keyOf(upstream, name)),
    all: (): readonly Pin[] =>
      [...pins.values()].sort((a, b) => keyOf(a.upstream, a.name).localeCompare(keyOf(b.upstream, b.name))),
    /** Whether everything that the upstream had at first is pinned. */
    hasBaseline: (upstream: string): boolean => baselines.has(baselineKey(upstream)),

    /**
     * Pins what is seen for the first time and marks what changed; never accepts anything. `whole`: these are all tools
     * of the upstream, so what is missing was removed - and the first whole list completes the baseline.
     */
    observe: (
      upstream: string,
      definitions: readonly JsonObject[],
      whole: boolean,
      nowMs: number,
    ): Promise<readonly Finding[]> =>
      inTurn(async () => {
        const isLate = baselines.has(baselineKey(upstream));
        const findings: Finding[] = [];
        const changed: Pin[] = [];
        const note = (before: Pin | undefined, after: Pin): void => {
          if (after === before) return;
          changed.push(after);
          const change = changeOf(before, after, isLate);
          if (change !== undefined) findings.push({ upstream, tool: after.name, change });
        };
        const names = new Set<string>();
        for (const definition of definitions) {
          const name = definition['name'];
          if (typeof name !== 'string') continue;
          names.add(name);
          const pin = pins.get(keyOf(upstream, name));
          note(
            pin,
            pin === undefined ? firstPin(upstream, name, definition, nowMs, isLate) : observed(pin, definition, nowMs),
          );
        }
        if (whole)
          for (const pin of pins.values())
            if (pin.upstream === upstream && !names.has(pin.name)) note(pin, observed(pin, null, nowMs));
        const completes = whole && !isLate && names.size > 0;
        await write(changed, completes ? [{ op: 'put', collection, key: baselineKey(upstream), value: nowMs }] : []);
        if (completes) baselines.add(baselineKey(upstream));
        return findings;
      }),

    /** A person accepts what a tool is now. `hash`: what he looked at; another one by now is refused. False: nothing to accept. */
    accept: (
      upstream: string,
      name: string,
      by: string,
      nowMs: number,
      hash?: string,
    ): Promise<Pin | 'unknown' | 'moved on'> =>
      inTurn(async () => {
        const pin = pins.get(keyOf(upstream, name));
        if (pin === undefined) return 'unknown';
        const definition = pin.drift?.definition ?? pin.definition;
        if (hash !== undefined && hash !== hashOf(definition)) return 'moved on';
        if (!pin.isListed && pin.drift === null) {
          await write([], [{ op: 'remove', collection, key: keyOf(upstream, name) }]);
          pins.delete(keyOf(upstream, name));
          return pin;
        }
        const next = accepted(pin, definition, by, nowMs);
        await write([next]);
        return next;
      }),
  };
}
export type Book = ReturnType<typeof createBook>;

function changeOf(before: Pin | undefined, after: Pin, isLate: boolean): Finding['change'] | undefined {
  if (before === undefined) return isLate ? 'new' : undefined; // part of the baseline
  if (after.drift !== before.drift) return 'changed';
  if (stateOf(after) === 'removed') return 'removed';
  return after.isListed && !before.isListed ? 'returned' : undefined;
}
