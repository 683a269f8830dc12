/** The ranges that a new plugin depends on. A test compares them with the versions that this repository runs. */

export const ranges: { readonly [name: string]: string } = {
  '@gethelio/proxy': '^0.1.0',
  '@types/node': '^20.19.43',
  typescript: '^6.0.3',
  vitest: '^4.1.12',
  zod: '^4.6.7',
};

/** Throws for a package that has no range: a new plugin must not get `undefined`. */
export function rangeOf(name: string): string {
  const range = ranges[name];
  if (range === undefined) throw new Error(`there is no range for "${name}" in versions.ts`);
  return range;
}
