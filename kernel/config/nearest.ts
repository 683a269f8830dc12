/** The known name that a person probably meant. */

/** Insertions, deletions, replacements and swaps of neighbours (Damerau-Levenshtein, restricted). */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}

/** The nearest of `known`, if it is near enough to be meant: about one slip in three letters. Ignores case, `-` and `_`. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  const fold = (text: string) => text.toLowerCase().replace(/[-_ ]/g, '');
  const folded = fold(word);
  let best: string | undefined;
  let bestDistance = (folded.length < 2 ? 0 : Math.max(1, Math.floor(folded.length / 3))) + 1;
  for (const candidate of known) {
    if (candidate.length > 64) continue;
    const apart = distance(folded, fold(candidate));
    if (apart < bestDistance) [best, bestDistance] = [candidate, apart];
  }
  return best;
}
