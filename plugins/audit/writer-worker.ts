/** The writer's thread: one transaction per batch, and between batches the tending. Nothing here runs on the main thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { isBusy, isFull } from '@gethelio/proxy/plugin';
import type { PackedRow } from './pack.ts';
import { compileRules } from './redact/rules.ts';
import { createAppender } from './store/append.ts';
import { finishRow, type FinishOptions, type RawAnswer } from './store/finish.ts';
import { readOrCreateKey, readPublicKeys } from './store/keys.ts';
import { createProcesses } from './store/processes.ts';
import { openTrail } from './store/schema.ts';
import { signedFloor, signHead } from './store/seal.ts';
import { createSinkPlaces } from './store/sink-places.ts';
import { createTending } from './store/tend.ts';
import {
  packedColumns,
  type Batch,
  type FromWriter,
  type StoreFailure,
  type ToWriter,
  type WriterQuestion,
  type WriterSettings,
  type WriterStart,
} from './wire.ts';

const port = parentPort!;
const start = workerData as WriterStart;
const say = (message: FromWriter) => port.postMessage(message);
const clockMs = () => Date.now() + start.driftMs;

/** A lock that lasts longer than this is a failure of the trail, not a wait. */
const busyTimeoutMs = 2_000;
/** While batches come, tending takes about a tenth of the time, so that no row waits for it; else half of it. */
const busyForMs = 100;
const pace = { underLoad: { budgetMs: 1, pauseMs: 10 }, idle: { budgetMs: 5, pauseMs: 2 } };

try {
  run();
} catch (error) {
  say({ type: 'broken', failure: failureOf(error) });
}

function run(): void {
  const database = openTrail(start.path, { synchronous: start.fsync ? 'FULL' : 'NORMAL', busyTimeoutMs });
  const key = readOrCreateKey(start.stateDir);
  const floor = signedFloor(database, readPublicKeys(start.stateDir));
  const append = createAppender(database, floor);
  const processes = createProcesses(database, start.process);
  const sinks = createSinkPlaces(database, start.process.id);
  const tending = createTending(database, key);
  const lastRow = database.prepare('SELECT max(seq) AS seq FROM rows').get<{ seq: number | null }>()!.seq ?? 0;
  let settings = start.settings;
  let finish = finishOptions(settings);
  let timer: NodeJS.Timeout | undefined;
  let lastBatchMs = -Infinity;

  function finishOptions(of: WriterSettings): FinishOptions {
    const { includeResponses, maxResponseBytes, redact } = of;
    return {
      includeResponses,
      maxResponseBytes,
      rules: redact.length > 0 ? compileRules(redact, key.redactionKey) : undefined,
    };
  }

  function tendSoon(afterMs: number): void {
    timer ??= setTimeout(tend, afterMs);
  }
  function tend(): void {
    timer = undefined;
    try {
      const { budgetMs, pauseMs } = performance.now() - lastBatchMs < busyForMs ? pace.underLoad : pace.idle;
      if (tending.step(settings, clockMs(), budgetMs)) tendSoon(pauseMs);
    } catch (error) {
      if (!isBusy(error))
        say({
          type: 'log',
          level: 'warn',
          message: `the audit trail could not be tended: ${(error as Error).message}`,
        });
      tendSoon(1_000);
    }
  }

  function answer(question: WriterQuestion): unknown {
    const nowMs = clockMs();
    switch (question.ask) {
      case 'gone':
        return processes.gone(question.processes, nowMs);
      case 'holdSink':
        return sinks.hold(question.name, question.from, nowMs, question.forMs);
      case 'moveSink':
        return sinks.move(question.name, question.seq, nowMs, question.forMs);
      case 'recorded': {
        const find = database.prepare('SELECT 1 AS yes FROM rows WHERE id = ?');
        return question.ids.filter((id) => find.get(id) !== undefined);
      }
      case 'prune':
        return tending.pruneAll(settings, nowMs);
    }
  }

  port.on('message', (message: ToWriter) => {
    switch (message.type) {
      case 'batch': {
        const { number } = message;
        lastBatchMs = performance.now();
        try {
          const { head } = append(unpack(message.batch).map(([row, raw]) => finishRow(row, raw, finish)));
          say({ type: 'done', number, head: head.seq });
          tending.grown();
        } catch (error) {
          say({ type: 'failed', number, failure: failureOf(error) });
        }
        return tendSoon(pace.underLoad.pauseMs);
      }
      case 'settings':
        settings = message.settings;
        finish = finishOptions(settings);
        return tendSoon(0);
      case 'ask': {
        const { number } = message;
        try {
          say({ type: 'answer', number, answer: answer(message.question) });
        } catch (error) {
          say({ type: 'unanswered', number, failure: failureOf(error) });
        }
        return;
      }
      case 'stop': {
        clearInterval(beats);
        clearTimeout(timer);
        try {
          tending.finish(clockMs());
          sinks.release();
          processes.leave();
        } catch {
          // what is not signed or indexed now is at the next start
        }
        database.close();
        port.close();
      }
    }
  });

  if (lastRow === 0 && floor.seq === 0) signHead(database, key, clockMs());
  processes.beat(clockMs());
  const beats = setInterval(() => {
    try {
      processes.beat(clockMs());
    } catch {
      // a full disk or a lock: the pid still tells that this process lives
    }
    tendSoon(0);
  }, start.beatMs ?? 5_000);
  tendSoon(0);
  const cut = floor.seq > lastRow && lastRow > 0;
  say({
    type: 'ready',
    head: Math.max(lastRow, floor.seq),
    ...(cut && { notice: `the trail was signed up to row ${floor.seq}, but ends at row ${lastRow}: rows are missing` }),
  });
}

/** The cells of a batch as rows, each with its slice of the answers. */
function unpack(batch: Batch): [PackedRow, RawAnswer | undefined][] {
  const width = packedColumns.length;
  return Array.from({ length: batch.rows }, (_, index) => {
    const row: Record<string, string | number | null> = {};
    for (let column = 0; column < width; column += 1)
      row[packedColumns[column]!] = batch.cells[index * width + column]!;
    const [kind, size, offset] = batch.answers.slice(index * 3, index * 3 + 3) as [string, number, number];
    const bytes = offset < 0 ? undefined : new Uint8Array(batch.bytes, offset, size);
    return [row as unknown as PackedRow, kind === '' ? undefined : { kind, size, bytes }];
  });
}

function failureOf(error: unknown): StoreFailure {
  const { message, code } = error as Error & { code?: unknown };
  return {
    why: isFull(error) ? 'full' : isBusy(error) ? 'busy' : 'other',
    message: String(message),
    ...(typeof code === 'string' && { code }),
  };
}
