/** Which rules certainly match everything that another matches, and which may meet on one call: for the warnings. */
import { compileGlob, foldName, globCovers, globsOverlap } from './glob.ts';
import { isObject } from './match.ts';
import type { CompiledRule } from './rule.ts';

export interface Coverage {
  /** Rules of the indexed ones that cover this one, itself left out, in file order. */
  covering(rule: CompiledRule): readonly CompiledRule[];
}

/**
 * Indexes the rules that may cover others: comparing every rule with every other takes minutes at ten thousand. A glob
 * covers another only if what stands before its first wildcard begins the other.
 */
export function coverage(outers: readonly CompiledRule[]): Coverage {
  const ofAll: CompiledRule[] = [];
  const byMatch = new Map<string, CompiledRule[]>();
  const byPrefix = new Map<string, CompiledRule[]>();
  const add = (map: Map<string, CompiledRule[]>, key: string, rule: CompiledRule) => {
    const list = map.get(key);
    if (list) list.push(rule);
    else map.set(key, [rule]);
  };
  for (const rule of outers) {
    add(byMatch, matchText(rule), rule);
    if (Object.keys(conditionsOf(rule)).length === 0) ofAll.push(rule);
    else if (onlyTools(rule)) for (const glob of rule.tools!) add(byPrefix, prefixOf(glob), rule);
  }
  const lengths = [...new Set([...byPrefix.keys()].map(({ length }) => length))];
  return {
    covering(rule) {
      const found = new Set([...ofAll, ...(byMatch.get(matchText(rule)) ?? [])]);
      const first = foldName(rule.tools?.[0] ?? '');
      for (const length of rule.tools ? lengths : [])
        for (const outer of byPrefix.get(first.slice(0, length)) ?? []) found.add(outer);
      return [...found]
        .filter((outer) => outer !== rule && covers(outer, rule))
        .sort((a, b) => a.view.index - b.view.index);
    },
  };
}

const texts = new WeakMap<CompiledRule, string>();

function matchText(rule: CompiledRule): string {
  const known = texts.get(rule);
  if (known !== undefined) return known;
  const text = `${rule.restricts} ${JSON.stringify(rule.written['match'])}`;
  texts.set(rule, text);
  return text;
}

function prefixOf(glob: string): string {
  return compileGlob(glob, { folded: true }).prefix;
}

export function conditionsOf(rule: CompiledRule): { readonly [key: string]: unknown } {
  const match = rule.written['match'];
  return isObject(match) ? match : {};
}

/** Nothing is asked but the tool's name. */
export function onlyTools(rule: CompiledRule): boolean {
  return rule.tools !== undefined && Object.keys(conditionsOf(rule)).length === 1;
}

/** Whether `outer` certainly matches everything that `inner` matches. */
export function covers(outer: CompiledRule, inner: CompiledRule): boolean {
  if (Object.keys(conditionsOf(outer)).length === 0) return true;
  if (matchText(outer) === matchText(inner)) return true;
  if (!onlyTools(outer) || inner.tools === undefined) return false;
  if (outer.tools!.includes('*')) return true;
  // An allow compares exactly and a deny folded: an exact pattern does not cover what a folded one finds.
  if (!outer.restricts && inner.restricts) return false;
  const compared = outer.restricts ? foldName : (glob: string) => glob;
  return inner.tools.every((glob) => outer.tools!.some((wide) => globCovers(compared(wide), compared(glob))));
}

/** Whether some call may match both; other conditions than the tool are taken to allow it. */
export function overlap(a: CompiledRule, b: CompiledRule): boolean {
  if (!a.tools || !b.tools) return true;
  return a.tools.some((left) => b.tools!.some((right) => mayMeet(foldName(left), foldName(right))));
}

/** What stands before the wildcards must agree; only then is it worth looking closer. */
function mayMeet(left: string, right: string): boolean {
  const fixed = (glob: string) => glob.slice(0, glob.search(/[*?]|$/));
  const [a, b] = [fixed(left), fixed(right)];
  return (a.startsWith(b) || b.startsWith(a)) && globsOverlap(left, right);
}
