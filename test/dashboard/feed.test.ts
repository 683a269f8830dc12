/** The rows that the Live page keeps: each once, however they came. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withRows } from '../../dashboard/src/app/feed.ts';

const rows = (...seqs: number[]) => seqs.map((seq) => ({ seq }));
const seqsOf = (list: readonly { seq: number }[]) => list.map(({ seq }) => seq);

it('shows a call once that came both with the page and by the stream', () => {
  const page = withRows([], rows(3, 2, 1), 500);
  expect(seqsOf(withRows(page, rows(3, 4), 500))).toEqual([4, 3, 2, 1]);
});

it('keeps the newest when there are too many', () => {
  expect(seqsOf(withRows(rows(3, 2, 1), rows(4, 5), 3))).toEqual([5, 4, 3]);
});

it('holds every row once, newest first, whatever comes twice and in whatever order', () => {
  const arrivals = fc.array(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 20 }), { maxLength: 8 });
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 80 }), (batches, most) => {
      const kept = batches.reduce<readonly { seq: number }[]>((all, seqs) => withRows(all, rows(...seqs), most), []);
      const all = [...new Set(batches.flat())].sort((a, b) => b - a);
      expect(seqsOf(kept)).toEqual(all.slice(0, most));
    }),
  );
});
