/** Keeps secrets off screens, exports and logs: masks marked fields of the config, and scrubs their values from any text. */
import type { z } from 'zod';
import type { ConfigPath, Json, JsonObject } from '../plugin.ts';
import { alternatives, defOf, isOpen, memberSchemas } from './schema-walk.ts';
import { isSecret } from './secret.ts';
import type { Environment } from './variables.ts';

export const mask = '***';

/** Where no schema knows a key, its name decides. */
const secretName = /secret|token|passw|api[_-]?key|private[_-]?key|credential|authorization/i;
/** `https://user:password@host` */
const userInfo = /(\/\/)[^\s/@:]*:[^\s/@]*@/g;

/** `?api_key=...` */
const urlMember = /([?&]([\w.-]+)=)[^&#\s]+/g;

/** `--token=...`, `--api-key ...`: what a literal argument of a program hides. */
const option = /^(--?([\w-]+)=).+$/s;
const bareOption = /^--?([\w-]+)$/;
/** Variables whose value is a secret wherever it stands; others are only not shown in the config. */
const secretVariable = /secret|token|pass|pwd|key|credential|auth|\bpin\b/i;
const variableName = /\$\{([A-Za-z_][A-Za-z0-9_]*)/g;

/** What is known of a scalar beside its value: how it stands in the file, where a variable was replaced in it. */
export type WrittenAt = (path: ConfigPath) => string | undefined;
const nowhere: WrittenAt = () => undefined;

/**
 * A copy of the tree with `***` in the place of every secret. Sections without a schema are masked by the names of keys.
 * A text that came from a variable stays as it is written (`--token=${TOKEN}`): nobody can tell which of them are secrets.
 */
export function maskSections(
  tree: JsonObject,
  schemas: ReadonlyMap<string, z.ZodType>,
  writtenAt: WrittenAt = nowhere,
): JsonObject {
  const eyes = { hide: () => mask, writtenAt };
  return Object.fromEntries(
    Object.entries(tree).map(([name, value]) => [name, walk(value, schemasOf(name, schemas), [name], eyes)]),
  );
}

/** The same for one value, which stands under `key`. */
export function maskValue(value: Json, schema: z.ZodType, key = ''): Json {
  return walk(value, [schema], [key], { hide: () => mask, writtenAt: nowhere });
}

/** The texts of all secrets in the tree, and of the variables that are named like one: give them to `createScrub`. */
export function secretsOf(
  tree: JsonObject,
  schemas: ReadonlyMap<string, z.ZodType>,
  { writtenAt = nowhere, env = {} }: { readonly writtenAt?: WrittenAt; readonly env?: Environment } = {},
): readonly string[] {
  const found = new Set<string>();
  const eyes: Eyes = {
    hide(secret) {
      for (const text of leaves(secret)) found.add(text);
      return mask;
    },
    writtenAt(path) {
      const written = writtenAt(path);
      for (const [, name] of written?.matchAll(variableName) ?? [])
        if (secretVariable.test(name!) && env[name!]) found.add(env[name!]!);
      return written;
    },
  };
  for (const [name, value] of Object.entries(tree)) walk(value, schemasOf(name, schemas), [name], eyes);
  return [...found];
}

/** How a walk sees: what it does with a secret, and what it knows of variables. */
interface Eyes {
  readonly hide: (secret: Json) => Json;
  readonly writtenAt: WrittenAt;
}

function schemasOf(name: string, schemas: ReadonlyMap<string, z.ZodType>): readonly z.ZodType[] {
  const schema = schemas.get(name);
  return schema ? [schema] : [];
}

function walk(value: Json, schemas: readonly z.ZodType[], path: ConfigPath, eyes: Eyes): Json {
  if (value === null || typeof value === 'boolean') return value;
  const key = String(path.findLast((step) => typeof step === 'string') ?? '');
  if (schemas.some(hasMark) || (schemas.every(isOpen) && secretName.test(key) && typeof value !== 'object'))
    return eyes.hide(value);
  if (typeof value === 'string') {
    const isName = path.length === 1; // `environment`, `version`: what a whole file is called is for showing
    const written = !isName && isFreeText(schemas) ? eyes.writtenAt(path) : undefined;
    return (written ?? value)
      .replace(userInfo, `$1${mask}@`)
      .replace(urlMember, (found, head: string, name: string) => (secretName.test(name) ? `${head}${mask}` : found));
  }
  if (typeof value !== 'object') return value;
  const inside = (member: Json, name: string | number) =>
    walk(
      member,
      schemas.flatMap((schema) => memberSchemas(schema, name)),
      [...path, name],
      eyes,
    );
  if (Array.isArray(value))
    return value.map((member: Json, index) => asOption(member, value[index - 1], eyes) ?? inside(member, index));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inside(member as Json, name)]));
}

/** A member of a list of arguments that is a secret by the name of its option; undefined when it is none. */
function asOption(member: Json, before: Json | undefined, { hide }: Eyes): Json | undefined {
  if (typeof member !== 'string') return undefined;
  const [, head, name] = option.exec(member) ?? [];
  if (head !== undefined) {
    if (!secretName.test(name!)) return undefined;
    hide(member.slice(head.length));
    return head + mask;
  }
  const [, named] = typeof before === 'string' ? (bareOption.exec(before) ?? []) : [];
  return named !== undefined && secretName.test(named) && !member.startsWith('-') ? hide(member) : undefined;
}

/** Whether any text could stand there: words of a fixed list and numbers hide nothing, and people want to read them. */
function isFreeText(schemas: readonly z.ZodType[]): boolean {
  const fixed = new Set(['enum', 'literal', 'number', 'int', 'bigint', 'boolean', 'null']);
  return schemas.length === 0 || !schemas.flatMap(alternatives).every((schema) => fixed.has(defOf(schema).type));
}

/** Marked at any layer of wrapping, or in any branch of a union: too much hidden is better than too little. */
function hasMark(schema: z.ZodType): boolean {
  return isSecret(schema) || alternatives(schema).some(isSecret);
}

function leaves(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? (Object.values(value) as Json[]).flatMap(leaves) : [];
}

/** Shorter ones would blacken half of every line. */
const shortestScrubbed = 4;

/**
 * A function that replaces secrets in any text, also where they stand escaped in JSON, encoded in a URL, in base64, or
 * without their scheme (`Bearer ...`).
 */
export function createScrub(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    const bare = /^(?:Bearer|Basic|Token) +(.+)$/i.exec(secret)?.[1];
    for (const text of bare === undefined ? [secret] : [secret, bare]) {
      if (text.length < shortestScrubbed) continue;
      forms.add(text);
      forms.add(JSON.stringify(text).slice(1, -1));
      forms.add(encodeURIComponent(text));
      forms.add(Buffer.from(text).toString('base64'));
    }
  }
  if (forms.size === 0) return (text) => text;
  // Longest first, so that a secret that contains another leaves nothing of itself behind.
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(pattern, mask);
}
