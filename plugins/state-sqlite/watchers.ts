/** Who wants to hear of changes in which collection. */
export type Changed = (keys: readonly string[]) => void;

export function createWatchers(failed: (error: unknown) => void) {
  const byCollection = new Map<string, Set<Changed>>();

  function call(listeners: Iterable<Changed>, keys: readonly string[]): void {
    for (const changed of [...listeners]) {
      try {
        changed(keys);
      } catch (error) {
        failed(error);
      }
    }
  }

  return {
    watch(collection: string, changed: Changed): () => void {
      const listeners = byCollection.get(collection) ?? new Set();
      byCollection.set(collection, listeners.add(changed));
      return () => {
        listeners.delete(changed);
        if (listeners.size === 0 && byCollection.get(collection) === listeners) byCollection.delete(collection);
      };
    },
    /** `[collection, key, collection, key, ...]` */
    tell(touched: readonly string[]): void {
      if (byCollection.size === 0) return;
      const keys = new Map<string, string[]>();
      for (let at = 0; at < touched.length; at += 2) {
        const list = keys.get(touched[at]!);
        if (list) list.push(touched[at + 1]!);
        else keys.set(touched[at]!, [touched[at + 1]!]);
      }
      for (const [collection, list] of keys) call(byCollection.get(collection) ?? [], list);
    },
    /** Everything may have changed. */
    tellAll(): void {
      for (const listeners of byCollection.values()) call(listeners, []);
    },
  };
}
