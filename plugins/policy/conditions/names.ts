/** A glob, a list of globs, or `{ not: ... }`: how rules name tools, resources, prompts, agents, sessions, upstreams. */
import { z } from 'zod';
import type { CompileContext } from '../contract.ts';
import { compileGlob, type GlobOptions } from '../glob.ts';

const glob = z.string().min(1, 'a pattern needs at least one character');
const globs = z.union([glob, z.array(glob).min(1, 'an empty list matches nothing: leave the key out')]);

export const namesSchema = z.union([globs, z.strictObject({ not: globs.describe('None of these patterns.') })]);
export type Names = z.output<typeof namesSchema>;

/** The globs that a name must match one of; undefined under `not`. */
export function wantedGlobs(names: Names): readonly string[] | undefined {
  if (typeof names === 'string') return [names];
  return Array.isArray(names) ? names : undefined;
}

/**
 * Folded on rules that restrict, exact on allow rules; the other way round under `not`, because there a match of the
 * pattern is what loosens.
 */
export function compileNames(
  names: Names,
  context: CompileContext,
  options: GlobOptions = {},
): (name: string) => boolean {
  const wanted = wantedGlobs(names);
  const excluded = (names as { readonly not?: string | readonly string[] }).not;
  const listed = wanted ?? (typeof excluded === 'string' ? [excluded] : (excluded ?? []));
  listed.forEach((pattern) => checkSpelling(pattern, context));
  const folded = wanted ? context.restricts : !context.restricts;
  const compiled = listed.map((pattern) => compileGlob(pattern, { ...options, folded }));
  const only = compiled.length === 1 ? compiled[0]! : undefined;
  const isListed = only ? only.test : (name: string) => compiled.some((one) => one.test(name));
  return wanted ? isListed : (name) => !isListed(name);
}

/** Syntax of other tools' globs would be taken literally here and never match: say so. */
function checkSpelling(pattern: string, context: CompileContext): void {
  if (pattern.startsWith('!'))
    context.report(
      `"${pattern}" would only match a name that begins with "!"`,
      [],
      `write { not: '${pattern.slice(1)}' }`,
    );
  else if (/\{[^}]*,[^}]*\}/.test(pattern))
    context.report(`"${pattern}" has braces, which are ordinary characters here`, [], "write a list: ['a_*', 'b_*']");
  else if (/\[[^\]]+\]/.test(pattern) && !pattern.includes('://'))
    context.report(`"${pattern}" has brackets, which are ordinary characters here`, [], 'write a list of patterns');
}
