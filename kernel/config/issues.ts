/** From zod's issues to problems in people's words, with the key or value they probably meant. */
import type { z } from 'zod';
import { configProblem } from '../errors.ts';
import type { ConfigPath, Problem } from '../plugin.ts';
import { nearest } from './nearest.ts';
import { descriptionAt, knownKeys } from './schema-walk.ts';

type Issue = z.core.$ZodIssue;

/** Everything that is wrong with `value`, which stands at `base`. */
export function explainIssues(
  issues: readonly Issue[],
  schema: z.ZodType,
  value: unknown,
  base: ConfigPath,
): readonly Problem[] {
  return issues.flatMap((issue) => explainIssue(issue, { schema, value, base, from: [] }));
}

interface Where {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly base: ConfigPath;
  /** Where the issue's own path starts: issues of a union's branch count from the union. */
  readonly from: ConfigPath;
}

function explainIssue(issue: Issue, where: Where): readonly Problem[] {
  const inner: ConfigPath = [...where.from, ...(issue.path as ConfigPath)];
  const path: ConfigPath = [...where.base, ...inner];
  const found = valueAt(where.value, inner);
  const say = (message: string): Problem => {
    const description = descriptionAt(where.schema, inner);
    return configProblem(
      'HELIO_CONFIG_VALUE',
      { message, ...(description && { fix: `this is meant here: ${description}` }) },
      path,
    );
  };

  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(where.schema, inner);
      const free = known.filter((key) => !isObject(found) || !Object.hasOwn(found, key));
      return issue.keys.map((key) =>
        configProblem('HELIO_CONFIG_UNKNOWN_KEY', { key, nearest: nearest(key, free), known }, [...path, key]),
      );
    }
    case 'invalid_union':
      return explainUnion(issue, inner, where, say);
    case 'invalid_key':
      return [say(`the key "${String(issue.path.at(-1))}" ${firstOwnMessage(issue.issues) ?? 'is not allowed here'}`)];
    case 'invalid_element':
      return issue.issues.flatMap((nested) => explainIssue(nested, { ...where, from: inner }));
    default:
      return [say(sentence(issue, found))];
  }
}

/** What is wrong, without the place. */
function sentence(issue: Issue, found: unknown): string {
  if (found === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value'))
    return `is missing: ${isZodsOwn(issue.message) ? wanted(issue) : issue.message}`;
  if (issue.code === 'invalid_value') return unknownValue(found, issue.values);
  if (!isZodsOwn(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' || (issue as { format?: string }).format === 'safeint'
        ? 'must be a whole number'
        : `${wanted(issue)}, not ${typeName(found)}`;
    case 'too_small':
      if (issue.origin === 'string')
        return Number(issue.minimum) === 1 ? 'must not be empty' : `must have at least ${issue.minimum} characters`;
      if (isSized(issue.origin))
        return Number(issue.minimum) === 1 ? 'must not be empty' : `must have at least ${issue.minimum} entries`;
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'string') return `must have at most ${issue.maximum} characters`;
      if (isSized(issue.origin)) return `must have at most ${issue.maximum} entries`;
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return formatSentence(issue as { format: string; pattern?: string });
    default:
      return issue.message;
  }
}

function wanted(issue: Issue): string {
  if (issue.code === 'invalid_value')
    return issue.values.length === 1
      ? `must be ${shown(issue.values[0])}`
      : `must be one of ${issue.values.map(shown).join(', ')}`;
  return issue.code === 'invalid_type' ? `must be ${expectedName(issue.expected)}` : 'is required';
}

function unknownValue(found: unknown, values: readonly unknown[]): string {
  const names = values.filter((value) => typeof value === 'string');
  if (typeof found !== 'string')
    return `must be ${values.length === 1 ? '' : 'one of '}${values.map(shown).join(', ')}, not ${typeName(found)}`;
  const near = nearest(found, names);
  const list = values.length > 12 ? `${values.slice(0, 12).map(shown).join(', ')}, ...` : values.map(shown).join(', ');
  return near
    ? `unknown value "${cut(found)}" (did you mean "${near}"?)`
    : `unknown value "${cut(found)}": must be ${values.length === 1 ? '' : 'one of '}${list}`;
}

/**
 * A union that fits nowhere: the branch that came closest is explained; if none took even the kind of value, all kinds
 * are named.
 */
function explainUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  inner: ConfigPath,
  where: Where,
  say: (message: string) => Problem,
): readonly Problem[] {
  const found = valueAt(where.value, inner);
  const options = (issue as { options?: readonly unknown[] }).options;
  if (issue.errors.length === 0 && options) {
    return [
      say(
        found === undefined
          ? `is missing: must be one of ${options.map(shown).join(', ')}`
          : unknownValue(found, options),
      ),
    ];
  }
  const branches = issue.errors.map((errors) => flatten(errors));
  const entered = branches.filter(
    (errors) => !errors.some((error) => error.path.length === 0 && isKindMismatch(error)),
  );
  if (entered.length === 0) {
    const kinds = [
      ...new Set(
        branches
          .flat()
          .filter((error) => error.path.length === 0)
          .map(wantedShort),
      ),
    ];
    const list = kinds.length > 1 ? `${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}` : kinds[0];
    if (found === undefined) return [say(`is missing: must be ${list}`)];
    const names = branches.flat().flatMap((error) => (error.code === 'invalid_value' ? error.values : []));
    const near =
      typeof found === 'string'
        ? nearest(
            found,
            names.filter((name) => typeof name === 'string'),
          )
        : undefined;
    if (near) return [say(`unknown value "${cut(found as string)}" (did you mean "${near}"?)`)];
    return [
      say(
        typeof found === 'string' && names.length > 0
          ? `must be ${list}, not "${cut(found)}"`
          : `must be ${list}, not ${typeName(found)}`,
      ),
    ];
  }
  const closest = entered.reduce((best, branch) => (score(branch) < score(best) ? branch : best));
  return closest.flatMap((error) => explainIssue(error, { ...where, from: inner }));
}

/** A branch that missed by its literal tag (`type: slack`) is further away than one that only has unknown keys or wrong values. */
function score(errors: readonly Issue[]): number {
  return errors.reduce(
    (sum, { code, path }) =>
      sum + (code === 'invalid_value' && path.length <= 1 ? 10 : code === 'unrecognized_keys' ? 2 : 1),
    0,
  );
}

/** A union inside a branch whose own branches all miss the kind counts as that kind mismatch. */
function flatten(errors: readonly Issue[]): readonly Issue[] {
  return errors.flatMap((error) =>
    error.code === 'invalid_union' && error.path.length === 0 && error.errors.length > 0
      ? error.errors.flatMap(flatten)
      : [error],
  );
}

const isKindMismatch = ({ code }: Issue) => code === 'invalid_type' || code === 'invalid_value';

function wantedShort(issue: Issue): string {
  if (issue.code === 'invalid_type')
    return isZodsOwn(issue.message) ? expectedName(issue.expected) : issue.message.replace(/^must be /, '');
  if (issue.code === 'invalid_value') return issue.values.map(shown).join(', ');
  return issue.message.replace(/^must be /, '');
}

function firstOwnMessage(issues: readonly Issue[]): string | undefined {
  const issue = issues[0];
  return issue && (isZodsOwn(issue.message) ? sentence(issue, undefined).replace(/^is missing: /, '') : issue.message);
}

const isZodsOwn = (message: string) => /^(Invalid|Too (small|big)|Unrecognized)/.test(message);
const isSized = (origin: string) =>
  origin === 'array' || origin === 'set' || origin === 'map' || origin === 'record' || origin === 'object';

function formatSentence({ format, pattern }: { readonly format: string; readonly pattern?: string }): string {
  const names: { readonly [format: string]: string } = {
    url: 'must be a URL such as https://example.com',
    email: 'must be an e-mail address',
    ipv4: 'must be an IPv4 address',
    ipv6: 'must be an IPv6 address',
    uuid: 'must be a UUID',
  };
  return names[format] ?? (pattern ? `must match ${pattern}` : `must be a valid ${format}`);
}

function expectedName(expected: string): string {
  const names: { readonly [type: string]: string } = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'a group of keys',
    record: 'a group of keys',
    map: 'a group of keys',
    array: 'a list',
    tuple: 'a list',
    null: 'empty',
    never: 'left out',
  };
  return names[expected] ?? expected;
}

function typeName(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return String(value);
  return value === undefined ? 'left out' : 'a group of keys';
}

const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);
const cut = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text);
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function valueAt(value: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(
    (at, key) => (isObject(at) && Object.hasOwn(at, key) ? (at as { [key: PropertyKey]: unknown })[key] : undefined),
    value,
  );
}
