/** Checks helio.yaml against the sections of the kernel and of the loaded plugins: strictly, and everything at once. */
import type { z } from 'zod';
import { configProblem, type LocatedProblem } from '../errors.ts';
import type { ConfigPath, Problem } from '../plugin.ts';
import { explainIssues } from './issues.ts';
import { nearest } from './nearest.ts';
import { locateProblems, type ConfigFile } from './read.ts';

export interface Section {
  readonly name: string;
  readonly schema: z.ZodType;
  /** `kernel`, or the plugin whose section it is. */
  readonly owner: string;
}
export type Checked<T> = { readonly value: T } | { readonly problems: readonly LocatedProblem[] };

/**
 * Validates every section, absent ones too (their defaults). `known` tells which standard plugin a section belongs to,
 * loaded or not, so that a section without its plugin names the plugin to add.
 */
export function checkSections(
  file: ConfigFile,
  sections: readonly Section[],
  known: { readonly [section: string]: string },
): { readonly values: { readonly [section: string]: unknown }; readonly problems: readonly LocatedProblem[] } {
  if (!file.parsed) return { values: {}, problems: [] };
  const values: { [section: string]: unknown } = {};
  const problems: Problem[] = [];
  const names = new Set(sections.map(({ name }) => name));

  for (const section of Object.keys(file.tree)) {
    if (names.has(section)) continue;
    const plugin = Object.hasOwn(known, section) ? known[section] : undefined;
    problems.push(
      plugin !== undefined
        ? configProblem('HELIO_CONFIG_PLUGIN_MISSING', { what: `the section "${section}"`, plugin }, [section])
        : configProblem(
            'HELIO_CONFIG_UNKNOWN_KEY',
            {
              key: section,
              nearest: sectionOf(section, sections, known) ?? nearest(section, [...names, ...Object.keys(known)]),
            },
            [section],
          ),
    );
  }
  // A lone server keeps its tools' names, one of several gets a prefix: merged in silence, no rule would name the right tools.
  if (isWritten(file, 'upstream') && isWritten(file, 'upstreams'))
    problems.push(configProblem('HELIO_CONFIG_UPSTREAM_AND_UPSTREAMS', {}, [secondOf(file, 'upstream', 'upstreams')]));
  for (const { name, schema } of sections) {
    const checked = checkSection(schema, name, file);
    if ('value' in checked) values[name] = checked.value;
    else problems.push(...checked.problems);
  }
  return { values, problems: withoutEchoes(locateProblems(problems, file), file) };
}

function isWritten(file: ConfigFile, section: string): boolean {
  return file.tree[section] !== undefined && file.tree[section] !== null;
}

/** The section that stands further down: the one that was added. */
function secondOf(file: ConfigFile, one: string, other: string): string {
  return (file.locate([one])?.line ?? 0) > (file.locate([other])?.line ?? 0) ? one : other;
}

/** People write the plugin's name where its section has another: `policy` for `policies`. */
function sectionOf(
  plugin: string,
  sections: readonly { readonly name: string; readonly owner: string }[],
  known: { readonly [section: string]: string },
): string | undefined {
  return (
    sections.find(({ owner }) => owner === plugin)?.name ??
    Object.keys(known).find((section) => known[section] === plugin)
  );
}

/** A section that is absent, or has nothing under it, is what its schema makes of nothing, else of an empty one. */
function checkSection(schema: z.ZodType, name: string, file: ConfigFile): Checked<unknown> {
  const written = file.tree[name];
  if (written !== undefined && written !== null) return checkValue(schema, written, [name], file);
  const fromNothing = schema.safeParse(undefined);
  return fromNothing.success ? { value: fromNothing.data } : checkValue(schema, {}, [name], file);
}

/** Validates a part of the file. `path` says where it stands. */
export function checkValue<S extends z.ZodType>(
  schema: S,
  value: unknown,
  path: ConfigPath,
  file: ConfigFile,
): Checked<z.output<S>> {
  const first = schema.safeParse(value);
  if (first.success) return { value: first.data };
  const converted = convertSubstituted(first.error.issues, value, path, file);
  const second = converted === undefined ? first : schema.safeParse(converted);
  if (second.success) return { value: second.data };
  return { problems: locateProblems(explainIssues(second.error.issues, schema, converted ?? value, path), file) };
}

/**
 * What came from a variable is text. Where the schema wants a number or true/false, and the text spells one, it counts as
 * one: `port: ${PORT}`. Never the other way, so that a password of digits stays text.
 */
function convertSubstituted(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  base: ConfigPath,
  file: ConfigFile,
): unknown {
  let copy: unknown;
  const visit = (list: readonly z.core.$ZodIssue[], from: ConfigPath): void => {
    for (const issue of list) {
      const path: ConfigPath = [...from, ...(issue.path as ConfigPath)];
      if (issue.code === 'invalid_union') for (const branch of issue.errors) visit(branch, path);
      if (issue.code !== 'invalid_type' && issue.code !== 'invalid_value') continue;
      if (!file.isSubstituted([...base, ...path])) continue;
      copy ??= structuredClone({ root: value });
      const wanted = issue.code === 'invalid_type' ? issue.expected : typeof issue.values[0];
      replaceAt(copy as { [key: string]: unknown }, ['root', ...path], wanted);
    }
  };
  visit(issues, []);
  return copy === undefined ? undefined : (copy as { root: unknown }).root;
}

function replaceAt(root: { [key: PropertyKey]: any }, path: ConfigPath, wanted: string): void {
  const key = path.at(-1)!;
  const holder = path.slice(0, -1).reduce((at, step) => at?.[step], root);
  const text: unknown = holder?.[key];
  if (typeof text !== 'string') return;
  if (wanted === 'boolean' && /^(true|false)$/.test(text)) holder![key] = text === 'true';
  if ((wanted === 'number' || wanted === 'int') && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text)) holder![key] = Number(text);
}

/** A missing variable is one mistake: what the schema says about the gap it leaves is not a second one. */
function withoutEchoes(problems: readonly LocatedProblem[], file: ConfigFile): readonly LocatedProblem[] {
  const gaps = new Set(file.problems.filter(({ path }) => path.length > 0).map(({ path }) => JSON.stringify(path)));
  if (gaps.size === 0) return problems;
  return problems.filter(({ path }) => !path.some((_, index) => gaps.has(JSON.stringify(path.slice(0, index + 1)))));
}
