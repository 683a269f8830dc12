/** Marks a field of a config schema as a secret: logs, exports and screens show `***` in its place. */
import { z } from 'zod';

const secrets = z.registry<{ secret: true }>();

/** A string (or the given schema) that nobody may print. `${VAR}` is resolved before the schema sees it. */
export function secret<S extends z.ZodType = z.ZodString>(schema?: S): S {
  const marked = (schema ?? z.string().min(1)) as S;
  secrets.add(marked, { secret: true });
  return marked;
}

/** Whether a schema was marked; looks through optional, nullable and default wrappers. */
export function isSecret(schema: z.ZodType): boolean {
  if (secrets.has(schema)) return true;
  const inner = (schema as { _zod?: { def?: { innerType?: z.ZodType } } })._zod?.def?.innerType;
  return inner !== undefined && isSecret(inner);
}
