/** Buckets in memory: totals kept incrementally, entries leave in the order of their time, every change can be undone. */
import {
  addDecimal,
  bucketFamily,
  compareDecimal,
  subtractDecimal,
  sumDecimals,
  type Json,
  type Refusal,
  type StoreOp,
  type TakeOp,
} from '@gethelio/proxy/plugin';

interface Entry {
  readonly id: string;
  amount: string;
  readonly atMs: number;
  readonly note: Json;
}

interface Bucket {
  readonly name: string;
  /** By time; equal times in the order of arrival. Entries before `head` are gone. */
  order: Entry[];
  head: number;
  readonly byId: Map<string, Entry>;
  /** The sum of all entries that are there; all of them are at or after `floorMs`. */
  total: string;
  floorMs: number;
  lastAtMs: number;
  /** Past it the whole bucket is forgotten; Infinity while some entry has no end. */
  expiresAtMs: number;
}

export type Undo = () => void;
type Refused = Omit<Refusal, 'index' | 'op'>;

/** How many buckets one write may look at to find forgotten ones: pruning never stalls a call. */
const pruneStep = 16;
/** The same when a family is full and a new bucket wants in. */
const pruneStepWhenFull = 1_000;
/** Entries looked at to say when there will be room. */
const roomScan = 10_000;

export function createBuckets(options: { readonly maxPerFamily: number; nowMs(): number }) {
  const families = new Map<string, Map<string, Bucket>>();
  const sweeps = new Map<string, Iterator<Bucket>>();

  const find = (name: string): Bucket | undefined => families.get(bucketFamily(name))?.get(name);
  /** The bucket unless it is past its end. */
  const alive = (name: string, nowMs: number): Bucket | undefined => {
    const bucket = find(name);
    return bucket && bucket.expiresAtMs > nowMs ? bucket : undefined;
  };

  function drop(bucket: Bucket): void {
    const family = bucketFamily(bucket.name);
    const members = families.get(family);
    if (members?.get(bucket.name) !== bucket) return;
    members.delete(bucket.name);
    if (members.size === 0) families.delete(family);
  }

  /** Walks on where the last step stopped and forgets what is past its end. */
  function prune(family: string, steps: number, nowMs: number): void {
    for (let step = 0; step < steps; step += 1) {
      const members = families.get(family);
      const sweep = sweeps.get(family) ?? members?.values();
      const next = sweep?.next();
      if (!sweep || !next || next.done) return void sweeps.delete(family);
      sweeps.set(family, sweep);
      if (next.value.expiresAtMs <= nowMs) drop(next.value);
    }
  }

  /** What a take would find: the refusal, or the total without the entries that leave. */
  function judge(op: TakeOp): { refused?: Refused; total: string; leaving: number; known: boolean } {
    const bucket = alive(op.bucket, op.atMs);
    const sinceMs = Math.max(op.sinceMs, bucket?.floorMs ?? -Infinity);
    const known = bucket?.byId.get(op.entry);
    if (bucket && known && known.atMs >= sinceMs) return { total: bucket.total, leaving: 0, known: true };
    const { total, leaving } = bucket ? totalSince(bucket, sinceMs) : { total: '0', leaving: 0 };
    if (op.limit === undefined || compareDecimal(addDecimal(total, op.amount), op.limit) <= 0) {
      return { total, leaving, known: false };
    }
    const room = bucket && roomAtMs(bucket, leaving, total, op);
    return {
      refused: { why: 'limit', total, ...(room !== undefined && { roomAtMs: room }) },
      total,
      leaving,
      known: false,
    };
  }

  function isFull(op: TakeOp): boolean {
    if (alive(op.bucket, op.atMs)) return false;
    const family = bucketFamily(op.bucket);
    const size = () => families.get(family)?.size ?? 0;
    if (size() >= options.maxPerFamily) prune(family, pruneStepWhenFull, op.atMs);
    return size() >= options.maxPerFamily;
  }

  function make(name: string): Bucket {
    const family = bucketFamily(name);
    const members = families.get(family) ?? new Map<string, Bucket>();
    families.set(family, members);
    const bucket: Bucket = {
      name,
      order: [],
      head: 0,
      byId: new Map(),
      total: '0',
      floorMs: -Infinity,
      lastAtMs: -Infinity,
      expiresAtMs: -Infinity,
    };
    members.set(name, bucket);
    return bucket;
  }

  function take(op: TakeOp): Refused | Undo | undefined {
    const judged = judge(op);
    if (judged.known) return undefined;
    if (judged.refused) return judged.refused;
    if (isFull(op)) return { why: 'capacity' };
    const stale = find(op.bucket);
    if (stale && stale.expiresAtMs <= op.atMs) drop(stale);
    const bucket = find(op.bucket) ?? make(op.bucket);
    const before = { ...bucket, order: bucket.order.slice(bucket.head, bucket.head + judged.leaving) };
    const sinceMs = Math.max(bucket.floorMs, op.sinceMs);

    for (const gone of before.order) bucket.byId.delete(gone.id);
    bucket.head += judged.leaving;
    bucket.floorMs = sinceMs;
    bucket.total = judged.total;
    const entry: Entry = { id: op.entry, amount: op.amount, atMs: op.atMs, note: op.note ?? null };
    if (op.atMs >= sinceMs) {
      insert(bucket, entry);
      bucket.total = addDecimal(bucket.total, op.amount);
      bucket.lastAtMs = Math.max(bucket.lastAtMs, op.atMs);
      bucket.expiresAtMs = Math.max(bucket.expiresAtMs, op.expiresAtMs ?? Infinity);
    }
    if (bucket.head > 32 && bucket.head * 2 > bucket.order.length) {
      bucket.order = bucket.order.slice(bucket.head);
      bucket.head = 0;
    }
    if (bucket.byId.size === 0) drop(bucket);
    prune(bucketFamily(op.bucket), pruneStep, op.atMs);
    return () => {
      if (bucket.byId.get(op.entry) === entry) removeEntry(bucket, entry);
      bucket.order = [...before.order, ...bucket.order.slice(bucket.head)];
      bucket.head = 0;
      for (const back of before.order) bucket.byId.set(back.id, back);
      const { total, floorMs, lastAtMs, expiresAtMs } = before;
      Object.assign(bucket, { total, floorMs, lastAtMs, expiresAtMs });
      restore(bucket);
    };
  }

  function restore(bucket: Bucket): void {
    if (bucket.byId.size === 0) return drop(bucket);
    const family = bucketFamily(bucket.name);
    const members = families.get(family) ?? new Map<string, Bucket>();
    families.set(family, members.set(bucket.name, bucket));
  }

  function correct(op: Extract<StoreOp, { op: 'correct' }>): Undo | undefined {
    const bucket = alive(op.bucket, options.nowMs());
    const entry = bucket?.byId.get(op.entry);
    if (!bucket || !entry) return undefined;
    const [amount, total] = [entry.amount, bucket.total];
    entry.amount = op.amount;
    bucket.total = addDecimal(subtractDecimal(total, amount), op.amount);
    return () => {
      entry.amount = amount;
      bucket.total = total;
    };
  }

  function giveBack(op: Extract<StoreOp, { op: 'giveBack' }>): Undo | undefined {
    const bucket = alive(op.bucket, options.nowMs());
    const entry = bucket?.byId.get(op.entry);
    if (!bucket || !entry) return undefined;
    const total = bucket.total;
    removeEntry(bucket, entry);
    bucket.total = subtractDecimal(total, entry.amount);
    if (bucket.byId.size === 0) drop(bucket);
    return () => {
      insert(bucket, entry);
      bucket.total = total;
      restore(bucket);
    };
  }

  function view(name: string, sinceMs: number) {
    const bucket = alive(name, options.nowMs());
    if (!bucket) return { total: '0', entries: [] as readonly Entry[], lastAtMs: 0 };
    const { total, leaving } = totalSince(bucket, sinceMs);
    return { total, entries: bucket.order.slice(bucket.head + leaving), lastAtMs: bucket.lastAtMs };
  }

  return {
    take,
    correct,
    giveBack,
    /** The refusal that a take would meet; changes nothing but forgotten buckets. */
    check: (op: TakeOp): Refused | undefined => {
      const judged = judge(op);
      if (judged.known) return undefined;
      return judged.refused ?? (isFull(op) ? { why: 'capacity' } : undefined);
    },
    view,
    *names(prefix: string): Iterable<string> {
      for (const members of families.values()) {
        for (const name of members.keys()) if (name.startsWith(prefix)) yield name;
      }
    },
  };
}
export type MemoryBuckets = ReturnType<typeof createBuckets>;

function totalSince(bucket: Bucket, sinceMs: number): { total: string; leaving: number } {
  let leaving = 0;
  while ((bucket.order[bucket.head + leaving]?.atMs ?? Infinity) < sinceMs) leaving += 1;
  if (leaving === 0) return { total: bucket.total, leaving };
  const gone = bucket.order.slice(bucket.head, bucket.head + leaving).map(({ amount }) => amount);
  return { total: subtractDecimal(bucket.total, sumDecimals(gone)), leaving };
}

/** When the oldest entries that stand in the way will have left a sliding window. */
function roomAtMs(bucket: Bucket, leaving: number, total: string, op: TakeOp): number | undefined {
  let rest = addDecimal(total, op.amount);
  const from = bucket.head + leaving;
  for (let at = from; at < Math.min(bucket.order.length, from + roomScan); at += 1) {
    const entry = bucket.order[at]!;
    rest = subtractDecimal(rest, entry.amount);
    if (compareDecimal(rest, op.limit!) <= 0) return entry.atMs + (op.atMs - op.sinceMs) + 1;
  }
  return undefined;
}

function insert(bucket: Bucket, entry: Entry): void {
  let at = bucket.order.length; // nearly always the newest
  while (at > bucket.head && bucket.order[at - 1]!.atMs > entry.atMs) at -= 1;
  bucket.order.splice(at, 0, entry);
  bucket.byId.set(entry.id, entry);
}

function removeEntry(bucket: Bucket, entry: Entry): void {
  bucket.order.splice(bucket.order.lastIndexOf(entry), 1); // what is given back was taken lately
  bucket.byId.delete(entry.id);
}
