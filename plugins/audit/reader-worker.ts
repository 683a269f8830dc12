/** The reader's thread: a slow query delays other queries, never a call. */
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase, type Database } from '@gethelio/proxy/plugin';
import { createReaderOperations, type ReaderCall, type ReaderOperations } from './reader-operations.ts';

const port = parentPort!;
const { path } = workerData as { readonly path: string };
let database: Database | undefined;
let operations: ReaderOperations | undefined;

port.on('message', (message: { readonly number: number; readonly call: ReaderCall } | 'stop') => {
  if (message === 'stop') {
    database?.close();
    port.close();
    return;
  }
  const { number, call } = message;
  try {
    operations ??= createReaderOperations((database ??= openDatabase(path, { readOnly: true })));
    const run = operations[call.ask] as (...values: readonly unknown[]) => unknown;
    port.postMessage({ number, answer: run(...call.with) });
  } catch (error) {
    const { message: why, code } = error as Error & { readonly code?: unknown };
    port.postMessage({ number, why, code: typeof code === 'string' ? code : undefined });
  }
});
