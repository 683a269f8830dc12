/** A naive store: everything in arrays, recomputed each time, thousandths as bigints. What every store must agree with. */
import type { Json, Refusal, StoreOp, TakeOp } from '../../plugin.ts';

interface ModelBucket {
  entries: { id: string; amount: bigint; atMs: number }[];
  floorMs: number;
  expiresAtMs: number;
}
interface ModelDocument {
  value: Json;
  version: number;
  expiresAtMs: number;
}
interface ModelState {
  buckets: Record<string, ModelBucket>;
  documents: Record<string, ModelDocument>;
}
type Said = { ok: true } | { ok: false; index: number; why: Refusal['why']; total?: bigint };

/** `12.345` is 12345n. */
export function thousandths(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole) * 1_000n + BigInt(fraction.padEnd(3, '0').slice(0, 3));
  return text.startsWith('-') ? -size : size;
}

export function createModel() {
  let state: ModelState = { buckets: {}, documents: {} };

  const sum = (bucket: ModelBucket) => bucket.entries.reduce((total, { amount }) => total + amount, 0n);

  function take(next: ModelState, op: TakeOp): { why: 'limit'; total: bigint } | undefined {
    const found = next.buckets[op.bucket];
    const bucket: ModelBucket =
      found && found.expiresAtMs > op.atMs ? found : { entries: [], floorMs: -Infinity, expiresAtMs: -Infinity };
    const sinceMs = Math.max(bucket.floorMs, op.sinceMs);
    const staying = bucket.entries.filter(({ atMs }) => atMs >= sinceMs);
    if (staying.some(({ id }) => id === op.entry)) return undefined;
    const total = staying.reduce((all, { amount }) => all + amount, 0n);
    const amount = thousandths(op.amount);
    if (op.limit !== undefined && total + amount > thousandths(op.limit)) return { why: 'limit', total };
    if (op.atMs >= sinceMs) {
      staying.push({ id: op.entry, amount, atMs: op.atMs });
      bucket.expiresAtMs = Math.max(bucket.expiresAtMs, op.expiresAtMs ?? Infinity);
    }
    next.buckets[op.bucket] = { ...bucket, entries: staying, floorMs: sinceMs };
    return undefined;
  }

  function apply(next: ModelState, op: StoreOp, nowMs: number): { why: Refusal['why']; total?: bigint } | undefined {
    if (op.op === 'take') return take(next, op);
    if (op.op === 'correct' || op.op === 'giveBack') {
      const bucket = next.buckets[op.bucket];
      if (!bucket || bucket.expiresAtMs <= nowMs) return undefined;
      const entry = bucket.entries.find(({ id }) => id === op.entry);
      if (entry && op.op === 'correct') entry.amount = thousandths(op.amount);
      if (op.op === 'giveBack') bucket.entries = bucket.entries.filter(({ id }) => id !== op.entry);
      return undefined;
    }
    const found = next.documents[op.key];
    const version = found && found.expiresAtMs > nowMs ? found.version : 0;
    if (op.op === 'remove' && op.mustExist && version === 0) return { why: 'absent' };
    if (op.ifVersion !== undefined && op.ifVersion !== version) return { why: 'version' };
    if (op.op === 'remove') delete next.documents[op.key];
    else {
      next.documents[op.key] = { value: op.value, version: version + 1, expiresAtMs: op.expiresAtMs ?? Infinity };
    }
    return undefined;
  }

  return {
    commit(ops: readonly StoreOp[], nowMs: number): Said {
      const next = structuredClone(state);
      for (const [index, op] of ops.entries()) {
        const refused = apply(next, op, nowMs);
        if (refused) return { ok: false, index, ...refused };
        for (const [name, bucket] of Object.entries(next.buckets)) {
          if (bucket.entries.length === 0) delete next.buckets[name];
        }
      }
      state = next;
      return { ok: true };
    },
    balance(name: string, sinceMs: number, nowMs: number): { total: bigint; entries: number } {
      const bucket = state.buckets[name];
      if (!bucket || bucket.expiresAtMs <= nowMs) return { total: 0n, entries: 0 };
      const entries = bucket.entries.filter(({ atMs }) => atMs >= sinceMs);
      return { total: sum({ ...bucket, entries }), entries: entries.length };
    },
    documents(nowMs: number): { key: string; value: Json; version: number }[] {
      return Object.entries(state.documents)
        .filter(([, { expiresAtMs }]) => expiresAtMs > nowMs)
        .map(([key, { value, version }]) => ({ key, value, version }))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
    },
  };
}
