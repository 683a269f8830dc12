/** The main thread's side of the writer: rows wait here for the commit before theirs, never for a clock. */
import type { Worker } from 'node:worker_threads';
import { startWorker, type Answer, type Log } from '@gethelio/proxy/plugin';
import type { PackedRow } from './pack.ts';
import {
  packedColumns,
  type Batch,
  type FromWriter,
  type StoreFailure,
  type WriterQuestion,
  type WriterSettings,
  type WriterStart,
} from './wire.ts';

/** Relaxed rows are gathered this long: fewer, larger messages. Far below the 100 ms that are promised. */
const gatherMs = 15;
const maxBatchRows = 512;
const maxBatchBytes = 4 * 1024 * 1024;
/** What may wait for a trail that cannot be written. More is counted as unrecorded. */
const maxWaitingRows = 20_000;
const maxWaitingBytes = 64 * 1024 * 1024;
const probeEveryMs = 1_000;

interface Waiting {
  readonly row: PackedRow;
  readonly answer: Answer | undefined;
  readonly bytes: number;
  readonly settle: { resolve(): void; reject(reason: Error): void } | undefined;
}

export interface Writer {
  /** Resolves when the row is committed; rejects when the commit failed (the row is kept and tried again). */
  written(row: PackedRow, answer: Answer | undefined): Promise<void>;
  /** Hands the row over and returns. */
  write(row: PackedRow, answer: Answer | undefined): void;
  ask<T>(question: WriterQuestion): Promise<T>;
  follow(settings: WriterSettings): void;
  /** Why rows cannot be committed now. */
  failure(): StoreFailure | undefined;
  /** Rows that were given up since the start. */
  unrecorded(): number;
  waiting(): number;
  /** The last committed place of this process. */
  head(): number;
  onCommit(listener: (head: number) => void): () => void;
  /** Resolves when the file is open and brought to this version; rejects when it cannot be. */
  readonly ready: Promise<void>;
  /** Resolves when everything is committed, or cannot be. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export function createWriter(start: WriterStart, log: Log): Writer {
  const worker: Worker = startWorker('writer-worker', import.meta.url, { workerData: start });
  worker.unref(); // the listeners keep the process; a writer alone does not
  let queue: Waiting[] = [];
  let queuedBytes = 0;
  let inFlight: { readonly number: number; readonly rows: Waiting[] } | undefined;
  let settings = start.settings;
  let failure: StoreFailure | undefined;
  let isReady = false;
  let isGone = false;
  let head = 0;
  let unrecorded = 0;
  let numbers = 0;
  let scheduled: NodeJS.Immediate | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let probe: NodeJS.Timeout | undefined;
  let isEmpty: (() => void)[] = [];
  let opened: { resolve(): void; reject(error: Error): void };
  const ready = new Promise<void>((resolve, reject) => (opened = { resolve, reject }));
  ready.catch(() => {}); // told again by whoever asks
  const questions = new Map<number, { resolve(value: unknown): void; reject(reason: Error): void }>();
  const listeners = new Set<(head: number) => void>();

  function enqueue(waiting: Waiting, isUrgent: boolean): void {
    if (isGone || queue.length >= maxWaitingRows || queuedBytes + waiting.bytes > maxWaitingBytes) {
      unrecorded += 1;
      waiting.settle?.reject(storeError(failure));
      return;
    }
    queue.push(waiting);
    queuedBytes += waiting.bytes;
    if (failure) return waiting.settle?.reject(storeError(failure)); // kept for the probe; nobody waits for it
    if (inFlight || !isReady) return;
    if (isUrgent || queue.length >= maxBatchRows) scheduled ??= setImmediate(send);
    else gathering ??= setTimeout(send, gatherMs);
  }

  function send(): void {
    clearImmediate(scheduled);
    clearTimeout(gathering);
    scheduled = gathering = undefined;
    if (inFlight || !isReady || isGone || queue.length === 0) return;
    let rows = 0;
    for (let bytes = 0; rows < Math.min(queue.length, maxBatchRows); rows += 1) {
      bytes += queue[rows]!.bytes;
      if (rows > 0 && bytes > maxBatchBytes) break;
    }
    const taken = queue.splice(0, rows);
    const number = (numbers += 1);
    inFlight = { number, rows: taken };
    const batch = pack(taken, settings);
    worker.postMessage({ type: 'batch', number, batch }, [batch.bytes]);
  }

  function landed(number: number, failed: StoreFailure | undefined): void {
    if (inFlight?.number !== number) return;
    const { rows } = inFlight;
    inFlight = undefined;
    if (failed) {
      if (!failure) log.error('the audit trail cannot be written', { why: failed.message });
      failure = failed;
      queue = [...rows, ...queue]; // in their order, to be tried again
      for (const row of queue) row.settle?.reject(storeError(failed));
      probe ??= setTimeout(() => ((probe = undefined), send()), probeEveryMs);
      return drained();
    }
    if (failure) log.info('the audit trail can be written again', { waiting: queue.length });
    failure = undefined;
    for (const row of rows) {
      queuedBytes -= row.bytes;
      row.settle?.resolve();
    }
    for (const listener of listeners) listener(head);
    if (queue.length > 0) send();
    else drained();
  }

  function drained(): void {
    if (inFlight || (queue.length > 0 && !failure)) return;
    for (const resolve of isEmpty) resolve();
    isEmpty = [];
  }

  worker.on('message', (message: FromWriter) => {
    switch (message.type) {
      case 'ready':
        isReady = true;
        head = message.head;
        if (message.notice) log.error(message.notice);
        opened.resolve();
        return send();
      case 'broken':
        return broken(message.failure);
      case 'done':
        head = message.head;
        return landed(message.number, undefined);
      case 'failed':
        return landed(message.number, message.failure);
      case 'answer':
      case 'unanswered': {
        const question = questions.get(message.number);
        questions.delete(message.number);
        if (message.type === 'answer') question?.resolve(message.answer);
        else question?.reject(storeError(message.failure));
        return;
      }
      case 'log':
        return log[message.level](message.message);
    }
  });
  worker.on('error', (error) => broken({ why: 'other', message: error.message }));

  /** The thread is gone, or never opened its file: nothing more is written by this process. */
  function broken(why: StoreFailure): void {
    failure = why;
    isGone = true;
    opened.reject(storeError(why));
    log.error('the audit trail is closed', { why: why.message });
    for (const row of [...(inFlight?.rows ?? []), ...queue]) {
      unrecorded += 1;
      row.settle?.reject(storeError(why));
    }
    inFlight = undefined;
    queue = [];
    for (const question of questions.values()) question.reject(storeError(why));
    questions.clear();
    drained();
  }

  const waitingOf = (row: PackedRow, answer: Answer | undefined, settle: Waiting['settle']): Waiting => ({
    row,
    answer,
    bytes:
      row.detail.length + (row.arguments?.length ?? 0) + (answer && sends(answer, settings) ? answer.bytes.length : 0),
    settle,
  });

  async function settled(): Promise<void> {
    if (isGone) return;
    send();
    if (inFlight || (queue.length > 0 && !failure)) await new Promise<void>((resolve) => isEmpty.push(resolve));
  }

  return {
    ready,
    settled,
    written: (row, answer) =>
      new Promise((resolve, reject) => enqueue(waitingOf(row, answer, { resolve, reject }), true)),
    write: (row, answer) => enqueue(waitingOf(row, answer, undefined), false),
    ask: <T>(question: WriterQuestion) =>
      new Promise<T>((resolve, reject) => {
        if (isGone) return reject(storeError(failure));
        const number = (numbers += 1);
        questions.set(number, { resolve: resolve as (value: unknown) => void, reject });
        worker.postMessage({ type: 'ask', number, question });
      }),
    follow(next) {
      settings = next;
      worker.postMessage({ type: 'settings', settings: next });
    },
    failure: () => failure,
    unrecorded: () => unrecorded,
    waiting: () => queue.length + (inFlight?.rows.length ?? 0),
    head: () => head,
    onCommit(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async stop() {
      await settled();
      if (isGone) return;
      clearTimeout(probe);
      isGone = true;
      const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.ref();
      worker.postMessage({ type: 'stop' });
      await exited;
      unrecorded += queue.length;
    },
  };
}

/** Whether the answer's bytes are of use to the worker, or their number is enough. */
function sends(answer: Answer, { includeResponses, maxResponseBytes }: WriterSettings): boolean {
  if (includeResponses === false) return false;
  return answer.bytes.length <= (includeResponses === 'summary' ? summaryFromBytes : maxResponseBytes);
}
const summaryFromBytes = 16 * 1024;

/** Rows as flat cells, and all answers in one buffer: a view would be cloned with everything that lies behind it. */
function pack(rows: readonly Waiting[], settings: WriterSettings): Batch {
  const cells: (string | number | null)[] = [];
  const answers: (string | number)[] = [];
  let size = 0;
  for (const { row, answer } of rows) {
    for (const column of packedColumns) cells.push(row[column]);
    if (!answer) answers.push('', 0, -1);
    else if (!sends(answer, settings)) answers.push(answer.kind, answer.bytes.length, -1);
    else {
      answers.push(answer.kind, answer.bytes.length, size);
      size += answer.bytes.length;
    }
  }
  const bytes = new Uint8Array(size);
  rows.forEach(({ answer }, index) => {
    const offset = answers[index * 3 + 2] as number;
    if (answer && offset >= 0) bytes.set(answer.bytes, offset);
  });
  return { rows: rows.length, cells, answers, bytes: bytes.buffer };
}

/** The failure as an error that people read; the code tells what to do. */
export function storeError(failure: StoreFailure | undefined): Error {
  return Object.assign(new Error(`The audit trail cannot be written: ${failure?.message ?? 'it is closed'}.`), {
    code: failure?.code ?? 'HELIO_AUDIT_UNAVAILABLE',
  });
}
