/** Walks a zod schema beside a value: for error messages, masks, docs. The only file that knows zod's insides. */
import type { z } from 'zod';

/** What `_zod.def` holds, as far as we read it. */
interface Def {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly getter?: () => z.ZodType;
  readonly shape?: { readonly [key: string]: z.ZodType };
  readonly catchall?: z.ZodType;
  readonly element?: z.ZodType;
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly items?: readonly z.ZodType[];
  readonly rest?: z.ZodType | null;
  readonly options?: readonly z.ZodType[];
  readonly discriminator?: string;
  readonly left?: z.ZodType;
  readonly right?: z.ZodType;
  readonly defaultValue?: unknown;
  readonly values?: readonly unknown[];
  readonly entries?: { readonly [key: string]: unknown };
}

export function defOf(schema: z.ZodType): Def {
  return (schema as unknown as { _zod: { def: Def } })._zod.def;
}

/** One layer below optional, nullable, default, catch, readonly, lazy and the input side of a pipe; undefined at a core type. */
export function unwrapOnce(schema: z.ZodType): z.ZodType | undefined {
  const def = defOf(schema);
  if (def.innerType) return def.innerType;
  if (def.type === 'lazy') return def.getter?.();
  // A preprocess is a pipe whose input is the transform itself.
  if (def.type === 'pipe') return defOf(def.in!).type === 'transform' ? def.out : def.in;
  return undefined;
}

/** The core type below all wrappers. */
export function unwrap(schema: z.ZodType): z.ZodType {
  let core = schema;
  for (let layers = 0; layers < 50; layers++) {
    const inner = unwrapOnce(core);
    if (!inner) return core;
    core = inner;
  }
  return core;
}

/** The schemas that may apply to a core schema: the options of a union, both sides of an intersection, else itself. */
export function alternatives(schema: z.ZodType): readonly z.ZodType[] {
  const core = unwrap(schema);
  const def = defOf(core);
  if (def.type === 'union') return def.options!.flatMap(alternatives);
  if (def.type === 'intersection') return [...alternatives(def.left!), ...alternatives(def.right!)];
  return [core];
}

/** The schemas that may apply to the member of a value. */
export function memberSchemas(schema: z.ZodType, key: string | number): readonly z.ZodType[] {
  return alternatives(schema).flatMap((core) => {
    const def = defOf(core);
    if (def.type === 'object') {
      const member = Object.hasOwn(def.shape!, key) ? def.shape![key] : def.catchall;
      return member && defOf(member).type !== 'never' ? [member] : [];
    }
    if (def.type === 'record' || def.type === 'map') return [def.valueType!];
    if (def.type === 'array' || def.type === 'set') return [def.element ?? def.valueType!];
    if (def.type === 'tuple')
      return def.items![key as number] ? [def.items![key as number]!] : def.rest ? [def.rest] : [];
    return [];
  });
}

/** The schemas that may apply at a path. */
export function schemasAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly z.ZodType[] {
  return path.reduce<readonly z.ZodType[]>(
    (schemas, key) => schemas.flatMap((each) => memberSchemas(each, key as string | number)),
    [schema],
  );
}

/** The keys that objects at a path may have. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const objects = schemasAt(schema, path)
    .flatMap(alternatives)
    .map(defOf)
    .filter((def) => def.type === 'object');
  return [...new Set(objects.flatMap((def) => Object.keys(def.shape!)))];
}

/** The description at a path: of the schema or of what it wraps. */
export function descriptionAt(schema: z.ZodType, path: readonly PropertyKey[]): string | undefined {
  return schemasAt(schema, path)
    .map(describe)
    .find((text) => text !== undefined);
}

export function describe(schema: z.ZodType): string | undefined {
  for (let layer: z.ZodType | undefined = schema; layer; layer = unwrapOnce(layer)) {
    if (layer.description !== undefined) return layer.description;
  }
  return undefined;
}

/** Whether a schema takes anything (`z.unknown()`, `z.any()`, `z.json()`), and so knows nothing about what is inside. */
export function isOpen(schema: z.ZodType): boolean {
  const core = unwrap(schema);
  const { type, options } = defOf(core);
  if (type === 'unknown' || type === 'any') return true;
  const json = options?.map(defOf).find((option) => option.type === 'record')?.valueType;
  if (json === undefined) return false;
  for (let layer: z.ZodType | undefined = schema; layer; layer = unwrapOnce(layer)) if (layer === json) return true;
  return false;
}
