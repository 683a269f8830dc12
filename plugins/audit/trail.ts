/** What lives as long as the process: the writer, the readers, the counters - whatever generation writes. */
import { uuidv7, type Commit, type Log } from '@gethelio/proxy/plugin';
import type { Documents } from '@gethelio/proxy/contracts/state';
import type { AuditSink } from './contract.ts';
import { createFeed, type Feed } from './feed.ts';
import { createFlood, type Flood } from './flood.ts';
import { createIntents, type Intents } from './intents.ts';
import { ownRow } from './journal.ts';
import { createNotificationCount } from './notifications.ts';
import type { PackOptions } from './pack.ts';
import { createReader, type Reader } from './reader.ts';
import { runSinks, type RunningSinks } from './sinks.ts';
import type { ProcessIdentity, WriterSettings } from './wire.ts';
import { createWriter, type Writer } from './writer.ts';

const flushFloodMs = 1_000;
const flushNotificationsMs = 60_000;
const sweepEveryMs = 15_000;

export interface Trail {
  readonly path: string;
  readonly writer: Writer;
  readonly reader: Reader;
  /** For feed and sinks: a slow query of a person does not hold them up. */
  readonly follower: Reader;
  /** For verification, which takes as long as the trail is. */
  readonly checker: Reader;
  readonly feed: Feed;
  readonly intents: Intents;
  readonly flood: Flood;
  readonly notifications: ReturnType<typeof createNotificationCount>;
  /** The newest generation takes over: its settings, its sinks, its way of packing. */
  use(generation: TrailUse): void;
  stop(): Promise<void>;
}
export interface TrailUse {
  readonly number: number;
  readonly settings: WriterSettings;
  readonly sinks: readonly AuditSink[];
  readonly packing: PackOptions;
}

export function openTrailOf(start: {
  readonly path: string;
  readonly stateDir: string;
  readonly fsync: boolean;
  readonly process: ProcessIdentity;
  readonly first: TrailUse;
  readonly store: { readonly documents: Documents; readonly commit: Commit };
  readonly log: Log;
  nowMs(): number;
}): Trail {
  const { path, log, nowMs } = start;
  const writer = createWriter(
    {
      path,
      stateDir: start.stateDir,
      fsync: start.fsync,
      process: start.process,
      settings: start.first.settings,
      driftMs: Math.round(nowMs() - Date.now()),
    },
    log,
  );
  const [reader, follower, checker] = [createReader(path), createReader(path), createReader(path)];
  const feed = createFeed(follower, writer.head, log);
  const intents = createIntents(start.process.id, start.store, writer, log);
  const flood = createFlood();
  const notifications = createNotificationCount();
  let current = start.first;
  let sinks: RunningSinks = runSinks(current.sinks, follower, writer, log);
  let swapping = Promise.resolve();
  let toldUnrecorded = 0;
  writer.onCommit(() => {
    feed.wake();
    sinks.wake();
    tellUnrecorded();
  });

  /** What was lost while rows could not be written is itself put on record. */
  function tellUnrecorded(): void {
    const lost = writer.unrecorded() - toldUnrecorded;
    if (lost === 0) return;
    toldUnrecorded += lost;
    writer.write(ownRow('unrecorded', { unrecorded: lost }, current.packing, nowMs()), undefined);
  }
  function drainFlood(): void {
    for (const row of flood.drain(nowMs(), () => uuidv7(nowMs()))) writer.write(row, undefined);
  }
  function drainNotifications(): void {
    const counted = notifications.drain(nowMs());
    if (counted) writer.write(ownRow('notifications', counted, current.packing, nowMs()), undefined);
  }
  async function sweep(): Promise<void> {
    try {
      const unknown = await intents.sweep();
      if (unknown > 0) log.warn('calls of a Helio that stopped have no known outcome', { calls: unknown });
    } catch (cause) {
      log.warn('intents of other processes could not be looked through', { cause: String(cause) });
    }
  }
  const timers = [
    setInterval(drainFlood, flushFloodMs),
    setInterval(drainNotifications, flushNotificationsMs),
    setInterval(() => void sweep(), sweepEveryMs),
  ];
  for (const timer of timers) timer.unref();

  return {
    path,
    writer,
    reader,
    follower,
    checker,
    feed,
    intents: { ...intents, sweep: async () => (await sweep(), 0) },
    flood,
    notifications,
    use(generation) {
      if (generation.number <= current.number) return;
      current = generation;
      writer.follow(generation.settings);
      const old = sinks;
      sinks = { wake() {}, stop: async () => {} };
      swapping = swapping
        .then(() => old.stop())
        .then(() => void (sinks = runSinks(generation.sinks, follower, writer, log)));
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      feed.stop();
      await swapping;
      await sinks.stop();
      drainFlood();
      drainNotifications();
      await writer.settled();
      await intents.flush();
      await writer.stop();
      await Promise.all([reader.stop(), follower.stop(), checker.stop()]);
    },
  };
}
