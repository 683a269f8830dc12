/** Intents: what was about to go upstream, on record before it went; and what became of those nobody finished. */
import type { Commit, Json, Log, StoreOp } from '@gethelio/proxy/plugin';
import type { Documents } from '@gethelio/proxy/contracts/state';
import type { PackedRow } from './pack.ts';
import type { Writer } from './writer.ts';

const collection = 'audit.intents';
const opsPerCommit = 200;
const pageSize = 500;

export interface Intents {
  /** Joins the call's own transaction. */
  open(row: PackedRow): StoreOp;
  /** The row is on record: the intent may go. Costs the call nothing. */
  close(id: string): void;
  /** Puts the calls of processes that are gone on record as `unknown`. Resolves with how many there were. */
  sweep(): Promise<number>;
  /** Resolves when every closed intent is gone. */
  flush(): Promise<void>;
}

export function createIntents(
  self: string,
  store: { documents: Documents; commit: Commit },
  writer: Writer,
  log: Log,
): Intents {
  const opened = new Set<string>();
  let closed: string[] = [];
  let flushing: Promise<void> | undefined;

  async function removeClosed(): Promise<void> {
    while (closed.length > 0) {
      const ids = closed.splice(0, opsPerCommit);
      try {
        await store.commit.commit(ids.map((id) => ({ op: 'remove', collection, key: `${self}/${id}` })));
      } catch (cause) {
        closed = [...ids, ...closed].slice(0, 100_000);
        log.warn('intents of recorded calls could not be removed yet', { cause: String(cause) });
        return; // with the next call that closes
      }
    }
  }

  function flush(): Promise<void> {
    return (flushing ??= removeClosed().finally(() => (flushing = undefined)));
  }

  async function sweep(): Promise<number> {
    let unknown = 0;
    let after: string | undefined;
    for (;;) {
      const page = await store.documents.list(collection, { limit: pageSize, ...(after !== undefined && { after }) });
      const others = page.filter(({ key }) => !key.startsWith(`${self}/`));
      const owners = [...new Set(others.map(({ key }) => ownerOf(key)))];
      const gone = owners.length === 0 ? [] : await writer.ask<string[]>({ ask: 'gone', processes: owners });
      const left = others.filter(({ key }) => gone.includes(ownerOf(key)));
      unknown += await putOnRecord(left.map(({ key, value }) => ({ key, row: value as unknown as PackedRow })));
      if (page.length < pageSize) return unknown;
      after = page.at(-1)!.key;
    }
  }

  /** A call that was recorded before its process died has its row already: only its intent was left. */
  async function putOnRecord(left: readonly { key: string; row: PackedRow }[]): Promise<number> {
    if (left.length === 0) return 0;
    const recorded = new Set(await writer.ask<string[]>({ ask: 'recorded', ids: left.map(({ row }) => row.id) }));
    const lost = left.filter(({ row }) => !recorded.has(row.id));
    const error = 'Helio stopped before the outcome was known: the upstream may have acted.';
    await Promise.all(lost.map(({ row }) => writer.written({ ...row, outcome: 'unknown', error }, undefined)));
    for (let from = 0; from < left.length; from += opsPerCommit)
      await store.commit.commit(
        left.slice(from, from + opsPerCommit).map(({ key }) => ({ op: 'remove', collection, key })),
      );
    return lost.length;
  }

  return {
    open(row) {
      opened.add(row.id);
      return { op: 'put', collection, key: `${self}/${row.id}`, value: row as unknown as Json };
    },
    close(id) {
      if (!opened.delete(id)) return;
      closed.push(id);
      if (!flushing) void flush();
    },
    sweep,
    flush,
  };
}

function ownerOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
