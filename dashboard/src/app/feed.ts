/** The rows that the feed keeps: each once, the newest first. */
interface Numbered {
  readonly seq: number;
}

/**
 * `kept` (newest first) with `arrived` added, at most `most` rows. The page of the audit that was read and the stream overlap:
 * a call that ends between the two comes by both ways, and a stream that was replayed brings rows again.
 */
export function withRows<Row extends Numbered>(kept: readonly Row[], arrived: readonly Row[], most: number): Row[] {
  const known = new Set(kept.map(({ seq }) => seq));
  const fresh: Row[] = [];
  for (const row of arrived) {
    if (known.has(row.seq)) continue;
    known.add(row.seq);
    fresh.push(row);
  }
  return [...fresh, ...kept].sort((a, b) => b.seq - a.seq).slice(0, most);
}
