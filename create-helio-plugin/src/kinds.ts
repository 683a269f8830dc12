/** The kinds of plugins: one job each, one folder of templates each. */

export interface Kind {
  readonly name: string;
  readonly summary: string;
}

export const kinds: readonly Kind[] = [
  { name: 'verdict', summary: 'judges a call: allow, hold, simulate or deny' },
  { name: 'limit', summary: 'counts what calls take, and gives it back when nothing was done' },
  { name: 'rule-condition', summary: 'a new key of match: in rules' },
  { name: 'approval-channel', summary: 'shows tickets to people somewhere, and hands in what they said' },
  { name: 'audit-sink', summary: 'receives every audit row, in order' },
  { name: 'result-filter', summary: 'changes what an upstream answered before the client reads it' },
  { name: 'dashboard-panel', summary: 'an element of its own in the dashboard' },
  { name: 'state-store', summary: 'keeps counters, pots and documents' },
];

/** The kind whose name is closest: what a person who mistyped most likely meant. */
export function nearestKind(written: string): string {
  const byDistance = kinds.map(({ name }) => ({ name, distance: distanceOf(written.toLowerCase(), name) }));
  return byDistance.sort((a, b) => a.distance - b.distance)[0]!.name;
}

function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
