/** What lives as long as the process, whatever is reloaded: the open tickets, who waits for them, and the store. */
import type { Commit, JsonObject, Log } from '@gethelio/proxy/plugin';
import type { Documents } from '@gethelio/proxy/contracts/state';
import type { ApprovalChannel } from './contract.ts';
import type { Section } from './config.ts';
import { createGranted, type Granted } from './granted.ts';
import { createMirror, type Mirror } from './mirror.ts';
import { createQueue, type Queue } from './queue.ts';

/** What belongs to the current generation. */
export interface Current {
  readonly config: Section;
  readonly channels: ReadonlyMap<string, ApprovalChannel>;
  readonly log: Log;
  readonly nowMs: () => number;
  emit(kind: string, data: JsonObject): void;
}

export interface Room {
  readonly documents: Documents;
  readonly commit: Commit;
  readonly mirror: Mirror;
  readonly queue: Queue;
  readonly granted: Granted;
  /** Of this store: what is shown of arguments says nothing to who does not have it. */
  bindingKey: Uint8Array | undefined;
  /** Who wants to know that some ticket changed. */
  readonly listeners: Set<() => void>;
  /** Tickets that calls of this process opened. */
  readonly own: Set<string>;
  /** Deliveries that run now, so that a shutdown can wait for them. */
  readonly running: Set<Promise<void>>;
  current: Current | undefined;
  /** Comes back when the generation that took over is stopped before it served: a reload that failed. */
  before: Current | undefined;
  /** Stops what runs for the whole process; empty before the first start. */
  readonly stops: (() => void | Promise<void>)[];
}

export function createRoom(documents: Documents, commit: Commit): Room {
  const room: Room = {
    documents,
    commit,
    queue: createQueue(),
    granted: createGranted(documents, () => bindingKey(room)),
    bindingKey: undefined,
    mirror: createMirror(documents, (subjects) => {
      if (subjects === 'all') room.queue.touchAll();
      else for (const subject of subjects) room.queue.touch(subject);
      for (const listener of room.listeners) listener();
    }),
    listeners: new Set(),
    own: new Set(),
    running: new Set(),
    current: undefined,
    before: undefined,
    stops: [],
  };
  return room;
}

export function current(room: Room): Current {
  if (room.current === undefined) throw new Error('approvals are not started yet');
  return room.current;
}

export function bindingKey(room: Room): Uint8Array {
  if (room.bindingKey === undefined) throw new Error('approvals are not started yet');
  return room.bindingKey;
}
