/** Runs a batch: every commit of it in one SQLite transaction, each with an answer of its own; then the questions. */
import { isBusy, sqliteCode, type Database } from '@gethelio/proxy/plugin';
import { prepareBuckets, type Refused } from './buckets.ts';
import { prepareDocuments } from './documents.ts';
import type { FromWorker, Question, StoreFailure, WireCommitted, WireOp } from './protocol.ts';

/** BEGIN IMMEDIATE already waited for the busy timeout each time. */
const busyRetries = 2;
/** Ops between two steps of pruning; a step may delete twice as many rows of each kind: it keeps up and stalls nobody. */
const pruneEveryOps = 64;
/** How long other processes have to hear of a change. */
const keepChangesMs = 60_000;

type Answers = Extract<FromWorker, { kind: 'answers' }>['answers'];
type Commit = Extract<Question, { kind: 'commit' }>;

export function createEngine(
  database: Database,
  settings: { readonly maxBucketsPerFamily: number; readonly writer: string },
) {
  const buckets = prepareBuckets(database, settings.maxBucketsPerFamily);
  const documents = prepareDocuments(database);
  const savepoint = database.prepare('SAVEPOINT one');
  const release = database.prepare('RELEASE one');
  const rollbackTo = database.prepare('ROLLBACK TO one');
  const dataVersion = database.prepare('PRAGMA data_version');
  const logChange = database.prepare('INSERT INTO changes (writer, at_ms, keys) VALUES (?, ?, ?)');
  const newChanges = database.prepare('SELECT seq, writer, keys FROM changes WHERE seq > ? ORDER BY seq LIMIT 1000');
  const lastChange = database.prepare('SELECT max(seq) AS seq FROM changes');
  // The newest row stays: numbers go on from it.
  const oldChanges = database.prepare(
    'DELETE FROM changes WHERE at_ms < ? AND seq <= (SELECT min(seq) FROM changes) + ? AND seq < (SELECT max(seq) FROM changes)',
  );

  const lastSeq = () => lastChange.get<{ seq: number | null }>()?.seq ?? 0;
  const versionNow = () => dataVersion.get<{ data_version: number }>()!.data_version;
  let unpruned = 0;
  let seenSeq = lastSeq();
  let seenVersion = versionNow();

  function apply(op: WireOp, nowMs: number) {
    switch (op.op) {
      case 'take':
        return buckets.take(op);
      case 'correct':
      case 'giveBack':
        return buckets.change(op, nowMs);
      case 'put':
        return documents.put(op, nowMs);
      case 'remove':
        return documents.remove(op, nowMs);
    }
  }

  /** One commit inside the batch's transaction: a refusal leaves nothing of it and does not touch its neighbours. */
  function commit({ ops }: Commit, nowMs: number, touched: string[]): WireCommitted {
    const several = ops.length > 1; // a single op that is refused has written nothing
    if (several) savepoint.run();
    const results: Exclude<ReturnType<typeof apply>, Refused>[] = [];
    for (const [index, op] of ops.entries()) {
      const done = apply(op, nowMs);
      if (done !== null && typeof done === 'object' && 'why' in done) {
        if (several) rollbackTo.run();
        if (several) release.run();
        return { refusal: { index, ...done } };
      }
      results.push(done);
    }
    for (const op of ops) if (op.op === 'put' || op.op === 'remove') touched.push(op.collection, op.key);
    if (several) release.run();
    return { results };
  }

  function commitAll(commits: readonly Commit[], nowMs: number): readonly WireCommitted[] | StoreFailure {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return database.transaction(() => {
          const touched: string[] = [];
          const done = commits.map((one) => commit(one, nowMs, touched));
          if (touched.length > 0) logChange.run(settings.writer, nowMs, JSON.stringify(touched));
          unpruned += commits.reduce((sum, { ops }) => sum + ops.length, 0);
          if (unpruned >= pruneEveryOps) prune(nowMs, 2 * unpruned);
          return done;
        });
      } catch (error) {
        if (isBusy(error) && attempt < busyRetries) continue;
        return failureOf(error);
      }
    }
  }

  function answer(question: Exclude<Question, Commit>, nowMs: number): unknown {
    switch (question.kind) {
      case 'check': {
        const { refusal, state } = buckets.check(question.take);
        return { state, ...(refusal && { refusal: { index: 0, ...refusal } }) };
      }
      case 'balance':
        return buckets.balance(question.bucket, question.sinceMs, nowMs);
      case 'nth':
        return buckets.nth(question.bucket, question.sinceMs, question.place, nowMs);
      case 'entries':
        return buckets.entries(question.bucket, question.sinceMs, question.limit, nowMs);
      case 'list':
        return buckets.list(question.prefix, question.limit, question.sinceMs, nowMs);
      case 'get':
        return documents.get(question.collection, question.key, nowMs);
      case 'documents':
        return documents.list(question.collection, question.prefix, question.after, question.limit, nowMs);
      case 'count':
        return documents.count(question.collection, question.prefix, nowMs);
    }
  }

  function prune(nowMs: number, step: number): void {
    unpruned = 0;
    buckets.prune(nowMs, step);
    documents.prune(nowMs, step);
    oldChanges.run(nowMs - keepChangesMs, step);
  }

  return {
    run(questions: readonly Question[], nowMs: number): Answers {
      const commits = questions.filter((question): question is Commit => question.kind === 'commit');
      const committed = commits.length > 0 ? commitAll(commits, nowMs) : [];
      let next = 0;
      return questions.map((question) => {
        if (question.kind === 'commit') {
          return 'code' in committed ? { failure: committed } : { value: committed[next++] };
        }
        try {
          return { value: answer(question, nowMs) };
        } catch (error) {
          return { failure: failureOf(error) };
        }
      });
    },
    /** Documents that other processes touched since the last look; null when that cannot be said any more. */
    foreignChanges(): readonly string[] | null {
      const version = versionNow();
      if (version === seenVersion) return [];
      seenVersion = version;
      const last = lastSeq();
      const rows = newChanges.all<{ seq: number; writer: string; keys: string }>(seenSeq);
      const missed = last - seenSeq > rows.length; // pruned before we looked, or too many for one look
      seenSeq = Math.max(last, rows.at(-1)?.seq ?? 0);
      if (missed) return null;
      return rows
        .filter(({ writer }) => writer !== settings.writer)
        .flatMap(({ keys }) => JSON.parse(keys) as string[]);
    },
    /** A step of pruning when nothing else is going on. */
    tidy(nowMs: number): void {
      try {
        database.transaction(() => prune(nowMs, 200));
      } catch {
        // busy or full: the next batch prunes too, and says what is wrong
      }
    },
  };
}

export function failureOf(error: unknown): StoreFailure {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const named = sqliteCode(error) || (typeof code === 'string' ? code : 'HELIO_STORE_FAILED');
  return { code: named, message: String(message ?? error) };
}
