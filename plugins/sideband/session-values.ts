/** What applications set for a session (`match.context`): on disk, because a forgotten value could open a gate. */
import type { Commit, Json, JsonObject } from '@gethelio/proxy/plugin';
import type { Documents, StoredDocument } from '@gethelio/proxy/contracts/state';
import { Refused } from './refused.ts';

const collection = 'sideband.context';
const lifetimeMs = 24 * 60 * 60_000;
const mostKeys = 100;
const mostSessions = 10_000;
const pageSize = 1_000;

interface Kept {
  readonly value: Json;
  readonly expiresAtMs: number;
}

export interface SessionValues {
  /** Reads what an earlier start left; follows what other processes write. */
  open(): Promise<() => void>;
  get(session: string): JsonObject | undefined;
  /** Durable when it resolves; kept for a day. Throws `Refused` 409 when there are too many keys or sessions. */
  set(session: string, key: string, value: Json): Promise<void>;
}

/** Rules read it without waiting, so all of it is in memory. */
export function createSessionValues(documents: Documents, commit: Commit, nowMs: () => number): SessionValues {
  const sessions = new Map<string, Map<string, Kept>>();

  function see({ key, value, expiresAtMs }: StoredDocument): void {
    const [session, name] = key.split('/').map(decodeURIComponent) as [string, string];
    const values = sessions.get(session) ?? new Map<string, Kept>();
    values.set(name, { value: (value as JsonObject)['value']!, expiresAtMs: expiresAtMs ?? Infinity });
    sessions.set(session, values);
  }

  async function readAll(): Promise<void> {
    for (let after: string | undefined; ;) {
      const page = await documents.list(collection, { limit: pageSize, ...(after !== undefined && { after }) });
      page.forEach(see);
      if (page.length < pageSize) return;
      after = page.at(-1)!.key;
    }
  }

  async function changed(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return readAll();
    for (const key of keys) {
      const document = await documents.get(collection, key);
      if (document !== undefined) see(document);
    }
  }

  function live(session: string): readonly (readonly [string, Json])[] {
    const values = sessions.get(session);
    if (values === undefined) return [];
    for (const [key, { expiresAtMs }] of values) if (expiresAtMs <= nowMs()) values.delete(key);
    if (values.size === 0) sessions.delete(session);
    return [...values].map(([key, { value }]) => [key, value] as const);
  }

  return {
    async open() {
      await readAll();
      return documents.watch(collection, (keys) => void changed(keys).catch(() => undefined));
    },
    get(session) {
      const values = live(session);
      return values.length === 0 ? undefined : Object.fromEntries(values);
    },
    async set(session, key, value) {
      const known = live(session);
      if (known.length >= mostKeys && !known.some(([name]) => name === key))
        throw new Refused(409, 'too_many_keys', `A session holds at most ${mostKeys} values`);
      if (known.length === 0 && sessions.size >= mostSessions) {
        for (const id of [...sessions.keys()]) live(id);
        if (sessions.size >= mostSessions)
          throw new Refused(409, 'too_many_sessions', `At most ${mostSessions} sessions hold values at a time`);
      }
      const expiresAtMs = nowMs() + lifetimeMs;
      const document = {
        collection,
        key: `${encodeURIComponent(session)}/${encodeURIComponent(key)}`,
        value: { value },
        expiresAtMs,
      };
      const committed = await commit.commit([{ op: 'put', ...document }]);
      if (!committed.ok) throw new Error('the state store refused the value');
      see({ ...document, version: 1 });
    },
  };
}
