/** The main thread's end of the worker: batches questions per tick, keeps two batches under way, outlives a crash. */
import { startWorker } from '@gethelio/proxy/plugin';
import type {
  FromWorker,
  Question,
  QuestionKind,
  Questions,
  StoreFailure,
  ToWorker,
  WorkerSettings,
} from './protocol.ts';

/** One that the worker writes, one that waits at its door: the disk never idles, and what comes meanwhile is grouped. */
const batchesUnderWay = 2;
/** A worker that died is not started again sooner than this. */
const restartAfterMs = 1_000;

interface Asked {
  readonly question: Question;
  resolve(value: never): void;
  reject(error: Error): void;
}
type Thread = ReturnType<typeof startWorker>;

export interface ClientOptions extends WorkerSettings {
  nowMs(): number;
  /** Other processes touched these documents: [collection, key, ...]; null when everything may have changed. */
  changed(keys: readonly string[] | null): void;
}

export function createClient(options: ClientOptions) {
  let thread: Thread | undefined;
  let opened: Promise<string> | undefined;
  let failure: { readonly error: Error; readonly atMs: number } | undefined;
  let waiting: Asked[] = [];
  let underWay: Asked[][] = [];
  let isOpen = false;
  let isScheduled = false;
  let isClosed = false;

  function start(): Promise<string> {
    if (opened) return opened;
    const { path, maxBucketsPerFamily, busyTimeoutMs } = options;
    const workerData: WorkerSettings = { path, maxBucketsPerFamily, busyTimeoutMs };
    const started = startWorker('./worker', import.meta.url, { workerData, name: 'helio-state' });
    thread = started;
    opened = new Promise<string>((resolve, reject) => {
      started.on('message', (message: FromWorker) => {
        if (message.kind === 'open') {
          isOpen = true;
          // An open store alone keeps no process alive; a question under way does.
          if (underWay.length === 0) started.unref();
          resolve(message.driver);
        } else if (message.kind === 'answers') settle(message.answers);
        else if (message.kind === 'changed') options.changed(message.keys);
        else {
          const error = failed(message.failure, path);
          reject(error);
          fall(started, error);
        }
      });
      const fell = (error: Error) => {
        reject(error);
        fall(started, error);
      };
      started.on('error', (error) => fell(failed({ code: 'HELIO_STORE_CRASHED', message: error.message }, path)));
      started.on('exit', () => fell(failed({ code: 'HELIO_STORE_CRASHED', message: 'its thread ended' }, path)));
    });
    opened.catch(() => undefined); // whoever asks is told; nobody may be there to ask
    return opened;
  }

  /** The worker is gone: everything that waits is refused, and the next question starts another. */
  function fall(gone: Thread, error: Error): void {
    if (thread !== gone) return;
    thread = undefined;
    opened = undefined;
    isOpen = false;
    failure = { error, atMs: performance.now() };
    const lost = [...underWay.flat(), ...waiting];
    underWay = [];
    waiting = [];
    for (const { reject } of lost) reject(error);
    options.changed(null);
  }

  function settle(answers: Extract<FromWorker, { kind: 'answers' }>['answers']): void {
    const asked = underWay.shift() ?? [];
    if (waiting.length > 0) flush();
    if (underWay.length === 0 && isOpen) thread?.unref();
    for (const [place, { resolve, reject }] of asked.entries()) {
      const answer = answers[place]!;
      if ('failure' in answer) reject(failed(answer.failure, options.path));
      else resolve(answer.value as never);
    }
  }

  function flush(): void {
    isScheduled = false;
    if (waiting.length === 0 || underWay.length >= batchesUnderWay || !thread) return;
    const batch = waiting;
    waiting = [];
    if (underWay.length === 0) thread.ref();
    underWay.push(batch);
    const message: ToWorker = { nowMs: options.nowMs(), questions: batch.map(({ question }) => question) };
    thread.postMessage(message);
  }

  return {
    /** Opens the file now instead of at the first question; the driver's name. Rejects with a sentence when it cannot. */
    open: start,
    isOpen: () => isOpen,
    ask<K extends QuestionKind>(kind: K, ask: Questions[K]['ask']): Promise<Questions[K]['answer']> {
      if (isClosed)
        return Promise.reject(failed({ code: 'HELIO_STORE_CLOSED', message: 'it is closed' }, options.path));
      if (!thread) {
        if (failure && performance.now() - failure.atMs < restartAfterMs) return Promise.reject(failure.error);
        void start();
      }
      return new Promise((resolve, reject) => {
        waiting.push({ question: { kind, ...ask } as Question, resolve, reject });
        if (isScheduled) return;
        isScheduled = true;
        // Not a microtask: everything that this turn of the event loop brings goes in one message.
        setImmediate(flush);
      });
    },
    /** Finishes what was asked, then closes the file. */
    async close(): Promise<void> {
      isClosed = true;
      const last = thread;
      if (!last) return;
      last.ref();
      while (underWay.length > 0 || waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
      const ended = new Promise<void>((resolve) => last.once('exit', () => resolve()));
      last.removeAllListeners('error');
      last.on('error', () => undefined);
      last.postMessage('close' satisfies ToWorker);
      await ended;
    },
  };
}
export type StoreClient = ReturnType<typeof createClient>;

/** The file and what is wrong with it; the codes of SQLite stay, so that "full" and "locked" can be told apart. */
function failed({ code, message }: StoreFailure, path: string): Error {
  return Object.assign(new Error(code.startsWith('HELIO_') ? `${message} (${path})` : `${path}: ${message}`), { code });
}
