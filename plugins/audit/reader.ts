/** The main thread's side of a reader. Its thread starts at the first question. */
import type { Worker } from 'node:worker_threads';
import { startWorker } from '@gethelio/proxy/plugin';
import type { ReaderOperations } from './reader-operations.ts';

export type Reader = {
  [K in keyof ReaderOperations]: (
    ...values: Parameters<ReaderOperations[K]>
  ) => Promise<ReturnType<ReaderOperations[K]>>;
} & { stop(): Promise<void> };

interface Reply {
  readonly number: number;
  readonly answer?: unknown;
  readonly why?: string;
  readonly code?: string;
}

export function createReader(path: string): Reader {
  let worker: Worker | undefined;
  let numbers = 0;
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();

  function started(): Worker {
    if (worker) return worker;
    const made = startWorker('reader-worker', import.meta.url, { workerData: { path } });
    made.unref();
    made.on('message', (reply: Reply) => {
      const asked = waiting.get(reply.number);
      waiting.delete(reply.number);
      if (reply.why === undefined) asked?.resolve(reply.answer);
      else asked?.reject(Object.assign(new Error(reply.why), { code: reply.code }));
    });
    made.on('error', (error) => ended(made, error));
    made.on('exit', () => ended(made, new Error('the reader of the audit trail stopped')));
    return (worker = made);
  }
  function ended(which: Worker, error: Error): void {
    if (worker !== which) return;
    worker = undefined; // the next question starts another
    for (const asked of waiting.values()) asked.reject(error);
    waiting.clear();
  }
  const ask =
    (name: keyof ReaderOperations) =>
    (...values: readonly unknown[]) =>
      new Promise((resolve, reject) => {
        const number = (numbers += 1);
        waiting.set(number, { resolve, reject });
        started().postMessage({ number, call: { ask: name, with: values } });
      });
  const names = ['query', 'row', 'facets', 'stats', 'verify', 'after', 'summariesAfter', 'lastSeq', 'part'] as const satisfies readonly (keyof ReaderOperations)[]; // prettier-ignore
  return {
    ...(Object.fromEntries(names.map((name) => [name, ask(name)])) as unknown as Omit<Reader, 'stop'>),
    async stop() {
      if (!worker) return;
      const exited = new Promise<void>((resolve) => worker!.once('exit', () => resolve()));
      worker.ref();
      worker.postMessage('stop');
      await exited;
    },
  };
}
