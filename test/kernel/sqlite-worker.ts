/** The worker of sqlite.test.ts: a .ts file that imports the package by its own name, as real workers do. */
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '@gethelio/proxy/plugin';

const database = openDatabase((workerData as { path: string }).path);
const row: { answer: number } | undefined = database.prepare('SELECT 6 * 7 AS answer').get();
parentPort!.postMessage({ answer: row!.answer, secrets: Object.keys(process.env) });
database.close();
