/** The worker thread: owns this process's connection to state.db and answers batches, one at a time. */
import { randomUUID } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { migrate, openDatabase } from '@gethelio/proxy/plugin';
import { createEngine, failureOf } from './engine.ts';
import type { FromWorker, ToWorker, WorkerSettings } from './protocol.ts';
import { migrations } from './schema.ts';

/** How soon another process's commit is noticed; one look costs a few microseconds. */
const lookEveryMs = 200;
const tidyEveryLooks = 25;

const port = parentPort!;
const say = (message: FromWorker) => port.postMessage(message);
const settings = workerData as WorkerSettings;

function open() {
  const database = openDatabase(settings.path, { busyTimeoutMs: settings.busyTimeoutMs });
  migrate(database, migrations);
  const engine = createEngine(database, { maxBucketsPerFamily: settings.maxBucketsPerFamily, writer: randomUUID() });
  return { database, engine };
}

try {
  const { database, engine } = open();
  let nowMs: number | undefined; // the caller's clock, as of its last message
  let looks = 0;
  const look = setInterval(() => {
    try {
      const keys = engine.foreignChanges();
      if (keys === null || keys.length > 0) say({ kind: 'changed', keys });
    } catch {
      // locked for longer than the busy timeout: the next look tells
    }
    looks += 1;
    if (looks % tidyEveryLooks === 0 && nowMs !== undefined) engine.tidy(nowMs);
  }, lookEveryMs);

  port.on('message', (message: ToWorker) => {
    if (message === 'close') {
      clearInterval(look);
      database.close();
      port.close();
      return;
    }
    nowMs = message.nowMs;
    say({ kind: 'answers', answers: engine.run(message.questions, message.nowMs) });
  });
  say({ kind: 'open', driver: database.driver });
} catch (error) {
  say({ kind: 'failed', failure: failureOf(error) });
  port.close();
}
