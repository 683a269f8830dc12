/** What this process knows of the open tickets of all processes: enough to wait, to expire and to escalate. */
import type { Documents } from '@gethelio/proxy/contracts/state';
import { collections, type StoredTicket } from './store.ts';

/** About 300 bytes each: ten thousand open tickets cost three megabytes. */
export interface OpenTicket {
  readonly id: string;
  readonly subject: string;
  readonly createdAtMs: number;
  readonly deadlineAtMs: number;
  /** Undefined once it escalated, or when it never will. */
  readonly escalateAtMs: number | undefined;
  /** A delivery is still on its way; since when. */
  readonly tryingSinceMs: number | undefined;
}

const pageSize = 500;

export function createMirror(documents: Documents, changed: (subjects: readonly string[] | 'all') => void) {
  let open = new Map<string, OpenTicket>();
  let ended = new Map<string, string>(); // id -> subject, of tickets that ended while somebody may still wait for them

  function note(ticket: StoredTicket): void {
    open.set(ticket.id, {
      id: ticket.id,
      subject: ticket.subject,
      createdAtMs: ticket.createdAtMs,
      deadlineAtMs: ticket.deadlineAtMs,
      escalateAtMs: ticket.escalatedAtMs === undefined ? ticket.escalateAtMs : undefined,
      tryingSinceMs: Object.values(ticket.deliveries).find(({ state }) => state === 'trying')?.atMs,
    });
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
    all: () => open.values(),
    size: () => open.size,
    clear(): void {
      open = new Map();
      ended = new Map();
    },
  };
}
const subjectOf = (key: string): string => key.slice(key.indexOf('.') + 1);

export type Mirror = ReturnType<typeof createMirror>;
