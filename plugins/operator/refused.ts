/** An answer that is a refusal: one shape for all of them, `{ error: { code, message, fix? } }`. */
import type { FastifyReply } from 'fastify';

export function refuse(reply: FastifyReply, status: number, code: string, message: string, fix?: string): FastifyReply {
  return reply.code(status).send({ error: { code, message, ...(fix === undefined ? {} : { fix }) } });
}
