/** Bodies are read by the one strict reader, so that a number in evidence or arguments keeps its exact text. */
import { decimalAt, readStrict, writeJson, type Json, type JsonObject } from '@gethelio/proxy/plugin';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { Refused } from './refused.ts';

export function readBodiesStrictly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, bytes, done) => {
    const read = readStrict(bytes as Buffer);
    if (read.ok) done(null, read.value);
    else done(new Refused(400, 'bad_json', `The body is no proper JSON: ${read.reason}`));
  });
}

/** Checks a body. Throws `Refused` 400 that names the member. */
export function checked<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Refused(400, 'bad_request', path.length === 0 ? message : `${path.join('.')}: ${message}`);
}

/** The exact JSON text of a member of the body as it was read; undefined when it was left out. */
export function textOf(body: unknown, member: string): string | undefined {
  const value = (body as JsonObject)[member];
  if (value === undefined) return undefined;
  if (typeof value === 'number') return decimalAt(body as Json, `$.${member}`) ?? String(value);
  return writeJson(value);
}
