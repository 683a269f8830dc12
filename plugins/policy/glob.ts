/** Globs over names that are not file paths: `*` matches every run of characters, `?` any one character. */

/**
 * What a name looks like to a person: NFKC, lower case, without characters that show nothing. Deny rules compare names in
 * this form, so that `Ｄelete_all` or a zero width space does not slip past them.
 */
export function foldName(name: string): string {
  if (/^[a-z0-9_.\-/:]*$/.test(name)) return name;
  const visible = name.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return visible
    .toLowerCase()
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '');
}

export interface Glob {
  readonly pattern: string;
  /** Whether the pattern, as compared, has no wildcard. */
  readonly literal: boolean;
  /** What comes before the first wildcard, as compared. */
  readonly prefix: string;
  test(name: string): boolean;
}
export interface GlobOptions {
  /** Compare folded forms (rules that restrict) instead of exact characters (allow rules). */
  readonly folded?: boolean;
  /** Only `*` is a wildcard: in a URI `?` is an ordinary character. */
  readonly uri?: boolean;
}

/** Compiles a glob. Matching costs at most pattern times name, never more. */
export function compileGlob(pattern: string, options: GlobOptions = {}): Glob {
  const compared = options.folded ? foldName(pattern) : pattern;
  const wild = options.uri ? /\*/ : /[*?]/;
  const first = compared.search(wild);
  const prefix = first < 0 ? compared : compared.slice(0, first);
  const matches = matcher(compared, prefix, options.uri === true);
  const test = options.folded ? (name: string) => matches(foldName(name)) : matches;
  return { pattern, literal: first < 0, prefix, test };
}

function matcher(pattern: string, prefix: string, uri: boolean): (name: string) => boolean {
  if (pattern === prefix) return (name) => name === pattern;
  if (pattern === '*') return () => true;
  if (pattern === `${prefix}*`) return (name) => name.startsWith(prefix);
  const parts = [...pattern];
  return (name) => matchParts(parts, [...name], uri);
}

/** Two pointers: after a mismatch the last `*` takes one character more. No recursion, no exponential case. */
function matchParts(parts: readonly string[], name: readonly string[], uri: boolean): boolean {
  let at = 0;
  let part = 0;
  let star = -1;
  let taken = 0;
  while (at < name.length) {
    if (parts[part] === '*') {
      star = part++;
      taken = at;
    } else if (part < parts.length && (parts[part] === name[at] || (!uri && parts[part] === '?'))) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++taken;
    } else {
      return false;
    }
  }
  while (parts[part] === '*') part++;
  return part === parts.length;
}

/** Whether every name that `inner` matches is matched by `outer`. False when that is not certain. */
export function globCovers(outer: string, inner: string): boolean {
  // The inner wildcards stand as characters that only an outer `*` can take; an outer `?` must not.
  const stand = [...inner].map((c) => (c === '*' ? '\u{F0000}' : c));
  const parts = [...outer];
  if (parts.includes('?') && inner.includes('*')) return outer === inner;
  return matchParts(parts, stand, false);
}

/** Whether some name may match both. */
export function globsOverlap(a: string, b: string): boolean {
  const [left, right] = [[...a], [...b]];
  // Row by row over `left`: reachable[j] says that left[0..i) and right[0..j) can match one same text.
  let reachable = right.map(() => false).concat(false);
  reachable[0] = true;
  for (let j = 1; j <= right.length; j++) reachable[j] = right[j - 1] === '*' && reachable[j - 1]!;
  for (const symbol of left) {
    const next = right.map(() => false).concat(false);
    next[0] = symbol === '*' && reachable[0]!;
    for (let j = 1; j <= right.length; j++) {
      const other = right[j - 1]!;
      next[j] =
        symbol === '*' || other === '*'
          ? reachable[j]! || next[j - 1]! || reachable[j - 1]!
          : reachable[j - 1]! && (symbol === other || symbol === '?' || other === '?');
    }
    reachable = next;
  }
  return reachable[right.length]!;
}
