/** An answer that is a refusal: one shape for all of them, `{ error: { code, message, fix? } }`. */
import type { FastifyReply } from 'fastify';

/** Thrown in a route, it is the route's answer. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly fix: string | undefined;
  constructor(status: number, code: string, message: string, fix?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.fix = fix;
  }
}

export function refuse(reply: FastifyReply, { status, code, message, fix }: Refused): FastifyReply {
  return reply.code(status).send({ error: { code, message, ...(fix !== undefined && { fix }) } });
}

/** What a route needs and no loaded plugin provides. */
export function needed<T>(service: T | undefined, plugin: string): T {
  if (service !== undefined) return service;
  throw new Refused(501, 'plugin_not_loaded', `The plugin "${plugin}" is not loaded`, `add ${plugin} to plugins:`);
}
