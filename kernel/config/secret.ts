/** Marks a field of a config schema as a secret: logs, exports and screens show `***` in its place. */
import { z } from 'zod';
import { unwrapOnce } from './schema-walk.ts';

const secrets = z.registry<{ secret: true }>();

/** A string (or the given schema) that nobody may print. `${VAR}` is resolved before the schema sees it. */
export function secret<S extends z.ZodType = z.ZodString>(schema?: S): S {
  // A clone: the given schema may be in use elsewhere, for what is no secret.
  const marked = (schema?.clone() ?? z.string().min(1)) as S;
  secrets.add(marked, { secret: true });
  return marked;
}

/** Whether a schema was marked; looks through optional, nullable, default, lazy and pipe wrappers. */
export function isSecret(schema: z.ZodType): boolean {
  for (let layer: z.ZodType | undefined = schema; layer; layer = unwrapOnce(layer)) {
    // `get`, not `has`: `.describe()`, `.min()` and their kin return a clone, which inherits the mark but is not in the map.
    if (secrets.get(layer)) return true;
  }
  return false;
}
