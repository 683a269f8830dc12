/** Keeps secrets off screens, exports and logs: masks marked fields of the config, and scrubs their values from any text. */
import type { z } from 'zod';
import type { Json, JsonObject } from '../plugin.ts';
import { alternatives, isOpen, memberSchemas } from './schema-walk.ts';
import { isSecret } from './secret.ts';

export const mask = '***';

/** Where no schema knows a key, its name decides. */
const secretName = /secret|token|passw|api_?key|private_?key|credential|authorization/i;
/** `https://user:password@host` */
const userInfo = /(\/\/)[^\s/@:]*:[^\s/@]*@/g;

/** `?api_key=...` */
const urlMember = /([?&]([\w.-]+)=)[^&#\s]+/g;

/** A copy of the tree with `***` in the place of every secret. Sections without a schema are masked by the names of keys. */
export function maskSections(tree: JsonObject, schemas: ReadonlyMap<string, z.ZodType>): JsonObject {
  return Object.fromEntries(
    Object.entries(tree).map(([name, value]) => {
      const schema = schemas.get(name);
      return [name, walk(value, schema ? [schema] : [], name, () => mask)];
    }),
  );
}

/** The same for one value, which stands under `key`. */
export function maskValue(value: Json, schema: z.ZodType, key = ''): Json {
  return walk(value, [schema], key, () => mask);
}

/** The texts of all secrets in the tree: give them to `createScrub`. */
export function secretsOf(tree: JsonObject, schemas: ReadonlyMap<string, z.ZodType>): readonly string[] {
  const found = new Set<string>();
  for (const [name, value] of Object.entries(tree)) {
    const schema = schemas.get(name);
    walk(value, schema ? [schema] : [], name, (secret) => {
      for (const text of leaves(secret)) found.add(text);
      return mask;
    });
  }
  return [...found];
}

function walk(value: Json, schemas: readonly z.ZodType[], key: string, hide: (secret: Json) => Json): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (schemas.some(hasMark) || (schemas.every(isOpen) && secretName.test(key) && typeof value !== 'object'))
    return hide(value);
  if (typeof value === 'string')
    return value
      .replace(userInfo, `$1${mask}@`)
      .replace(urlMember, (found, head: string, name: string) => (secretName.test(name) ? `${head}${mask}` : found));
  if (typeof value !== 'object') return value;
  const inside = (member: Json, name: string | number) =>
    walk(
      member,
      schemas.flatMap((schema) => memberSchemas(schema, name)),
      typeof name === 'string' ? name : key,
      hide,
    );
  if (Array.isArray(value)) return value.map(inside);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inside(member as Json, name)]));
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
