/** Random histories, run beside the naive model: every answer and every state in between must agree. */
import { describe, expect, it } from 'vitest';
import type { StoreOp } from '../../plugin.ts';
import { createModel, thousandths } from './model.ts';
import { oneStore, type MakeStore, type Subject } from './subject.ts';

const rounds = 40;
const stepsPerRound = 60;
const keys = ['k1', 'k2', 'k3'];

/** Names of one round's own: all rounds share one store, since opening some stores takes a while. */
interface Names {
  readonly buckets: readonly string[];
  readonly collection: string;
}
const namesOf = (seed: number): Names => ({
  buckets: [`rate:r${seed}:a`, `rate:r${seed}:b`, `spend:s${seed}:a`],
  collection: `c${seed}`,
});

/** mulberry32: a small seeded generator, so that a failure can be run again. */
function seeded(seed: number): { below(n: number): number; pick<T>(list: readonly T[]): T } {
  let state = seed;
  const below = (n: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n);
  };
  return { below, pick: (list) => list[below(list.length)]! };
}
type Random = ReturnType<typeof seeded>;

function anyOp(random: Random, nowMs: number, { buckets, collection }: Names): StoreOp {
  const bucket = random.pick(buckets);
  const entry = `e${random.below(12)}`;
  const amount = `${random.below(8) === 0 ? '-' : ''}${random.below(30)}.${random.pick(['0', '5', '25', '125'])}`;
  const atMs = nowMs - random.below(20);
  const roll = random.below(10);
  if (roll < 5) {
    return {
      op: 'take',
      bucket,
      entry,
      amount,
      atMs,
      sinceMs: atMs - random.pick([50, 50, 50, 200]),
      ...(random.below(4) > 0 && { limit: random.pick(['10', '40.5', '100']) }),
      ...(random.below(3) === 0 && { expiresAtMs: atMs + random.below(150) }),
    };
  }
  if (roll === 5) return { op: 'correct', bucket, entry, amount };
  if (roll === 6) return { op: 'giveBack', bucket, entry };
  const ifVersion = random.below(3) === 0 ? { ifVersion: random.below(3) } : {};
  const key = random.pick(keys);
  if (roll === 7) return { op: 'remove', collection, key, ...ifVersion, mustExist: random.below(2) === 0 };
  const expiry = random.below(3) === 0 ? { expiresAtMs: nowMs + random.below(60) } : {};
  return { op: 'put', collection, key, value: { n: random.below(100) }, ...ifVersion, ...expiry };
}

async function compareStates(
  subject: Subject,
  model: ReturnType<typeof createModel>,
  sinceMs: number,
  { buckets, collection }: Names,
): Promise<void> {
  for (const bucket of buckets) {
    const expected = model.balance(bucket, sinceMs, subject.nowMs);
    const { total, entries } = await subject.store.ledger.balance(bucket, sinceMs);
    expect({ total: thousandths(total), entries }).toEqual(expected);
    expect(await subject.store.counters.peek(bucket, sinceMs)).toBe(expected.entries);
    expect(await subject.store.ledger.entries(bucket, sinceMs, 100)).toHaveLength(expected.entries);
  }
  const documents = await subject.store.documents.list(collection);
  expect(documents.map(({ key, value, version }) => ({ key, value, version }))).toEqual(model.documents(subject.nowMs));
  for (const key of keys) {
    const expected = documents.find((document) => document.key === key);
    expect(await subject.store.documents.get(collection, key)).toEqual(expected);
  }
}

export function randomContract(make: MakeStore): void {
  describe('a random history', () => {
    const subject = oneStore(make);
    it.each(Array.from({ length: rounds }, (_, round) => round + 1))(
      'agrees with the naive model (seed %i)',
      async (seed) => {
        const random = seeded(seed);
        const names = namesOf(seed);
        const model = createModel();
        for (let step = 0; step < stepsPerRound; step += 1) {
          subject.nowMs += random.below(25);
          const ops = Array.from({ length: 1 + random.below(3) }, () => anyOp(random, subject.nowMs, names));
          const single = ops.length === 1 && ops[0]!.op === 'take' ? ops[0] : undefined;
          const foreseen = single && (await subject.store.ledger.check(single));
          const expected = model.commit(ops, subject.nowMs);
          const done = await subject.commit(...ops);
          const said = done.ok
            ? done
            : {
                ok: false,
                index: done.refusal.index,
                why: done.refusal.why,
                ...(done.refusal.total !== undefined && { total: thousandths(done.refusal.total) }),
              };
          expect(said).toEqual(expected);
          if (single) expect(foreseen).toEqual(done.ok ? undefined : done.refusal);
          if (step % 4 === 0) await compareStates(subject, model, subject.nowMs - random.below(300), names);
        }
        await compareStates(subject, model, -8.64e15, names);
      },
    );
  });
}
