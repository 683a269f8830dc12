/** What this process knows of the open tickets of all processes: enough to wait, to expire and to escalate. */
import type { Documents } from '@gethelio/proxy/contracts/state';
import { collections, type StoredTicket } from './store.ts';

/** About 300 bytes each: ten thousand open tickets cost three megabytes. */
export interface OpenTicket {
  readonly id: string;
  readonly subject: string;
  readonly createdAtMs: number;
  /** When time does something to it: it expires, it escalates, or a delivery has been lost. */
  readonly dueAtMs: number;
}

/** A delivery that is this old belongs to a process that died: twice what a channel may take. */
export const lostDeliveryMs = 60_000;
const pageSize = 500;

export function createMirror(documents: Documents, changed: (subjects: readonly string[] | 'all') => void) {
  let open = new Map<string, OpenTicket>();
  let ended = new Map<string, string>(); // id -> subject, of tickets that ended while somebody may still wait for them

  let nextDueMs = Infinity;

  function note(ticket: StoredTicket): void {
    const dueAtMs = dueOf(ticket);
    nextDueMs = Math.min(nextDueMs, dueAtMs);
    open.set(ticket.id, { id: ticket.id, subject: ticket.subject, createdAtMs: ticket.createdAtMs, dueAtMs });
  }
  function drop(id: string): void {
    const known = open.get(id);
    if (known === undefined) return;
    open.delete(id);
    ended.set(id, known.subject);
    if (ended.size > 10_000) ended.delete(ended.keys().next().value!);
  }

  async function refresh(ids: readonly string[]): Promise<void> {
    const subjects: string[] = [];
    for (const id of ids) {
      const found = await documents.get(collections.open, id);
      if (found) note(found.value as unknown as StoredTicket);
      else drop(id);
      const subject = open.get(id)?.subject ?? ended.get(id);
      if (subject !== undefined) subjects.push(subject);
    }
    changed(subjects);
  }

  async function load(): Promise<void> {
    const fresh = new Set<string>();
    let after: string | undefined;
    for (;;) {
      const page = await documents.list(collections.open, { limit: pageSize, ...(after !== undefined && { after }) });
      for (const { key, value } of page) {
        fresh.add(key);
        note(value as unknown as StoredTicket);
      }
      if (page.length < pageSize) break;
      after = page.at(-1)!.key;
    }
    for (const id of [...open.keys()]) {
      // One that was opened while we were reading is younger than the pages.
      if (!fresh.has(id) && !(await documents.get(collections.open, id))) drop(id);
    }
    changed('all');
  }

  return {
    load,
    note,
    drop,
    /** Listens to this and other processes. Returns how to stop. */
    watch(failed: (cause: unknown) => void): () => void {
      const stops = [
        documents.watch(collections.open, (keys) => {
          (keys.length === 0 ? load() : refresh(keys)).catch(failed);
        }),
        documents.watch(collections.grants, (keys) =>
          // A yes for a session lets calls with other arguments go, which wait under other subjects.
          changed(keys.length === 0 || keys.some((key) => key.startsWith('session.')) ? 'all' : keys.map(subjectOf)),
        ),
      ];
      return () => stops.forEach((stop) => stop());
    },
    isOpen: (id: string) => open.has(id),
    /** Those that are due; costs nothing while none is. */
    due(nowMs: number): readonly OpenTicket[] {
      if (nowMs < nextDueMs) return [];
      const due: OpenTicket[] = [];
      nextDueMs = Infinity;
      for (const ticket of open.values()) {
        if (ticket.dueAtMs <= nowMs) due.push(ticket);
        nextDueMs = Math.min(nextDueMs, ticket.dueAtMs);
      }
      return due;
    },
    size: () => open.size,
    clear(): void {
      open = new Map();
      ended = new Map();
    },
  };
}
function dueOf({ deadlineAtMs, escalateAtMs, escalatedAtMs, deliveries }: StoredTicket): number {
  const lost = Object.values(deliveries).map(({ state, atMs }) =>
    state === 'trying' ? atMs + lostDeliveryMs : Infinity,
  );
  const escalates = escalatedAtMs === undefined ? (escalateAtMs ?? Infinity) : Infinity;
  return Math.min(deadlineAtMs, escalates, ...lost);
}

const subjectOf = (key: string): string => key.slice(key.indexOf('.') + 1);

export type Mirror = ReturnType<typeof createMirror>;
