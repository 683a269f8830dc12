/** `/api/audit`: list, one row, facets, export, verification. */
import { Readable } from 'node:stream';
import { described } from '@gethelio/proxy/contracts/operator';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { AuditQuery } from './contract.ts';
import { formats, writingOf, type Format } from './export/formats.ts';
import type { Trail } from './trail.ts';
import type { Verification } from './store/verify.ts';

const q = z.string().max(2_000).default('').describe('tool:stripe_* outcome:denied amount>100 since:24h "a phrase"');
const order = z.enum(['asc', 'desc']);
const listQuery = z.object({
  q,
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  order: order.default('desc'),
  cursor: z.string().max(100).optional(),
});
const exportQuery = z.object({
  q,
  format: z.enum(formats).default('json'),
  order: order.default('asc'),
  limit: z.coerce.number().int().min(1).optional(),
});
const facetQuery = z.object({ q });
const rowParams = z.object({ id: z.string().max(100) });
const verifyQuery = z.object({
  fresh: z.enum(['true', 'false']).default('false').describe('true: check again, not the last answer'),
});

/** A check of the whole chain is not repeated within this time unless asked to. */
const verifiedForMs = 60_000;

export function addRoutes(
  app: FastifyInstance,
  trail: () => Trail,
  at: { readonly stateDir: string; nowMs(): number },
): void {
  let verified: { readonly atMs: number; readonly result: Verification } | undefined;
  let verifying: Promise<Verification> | undefined;

  app.get(
    '/',
    described({ summary: 'Rows that match a query, newest first', query: listQuery }),
    async (request, reply) =>
      answered(reply, () => trail().reader.query(given(request.query as AuditQuery), at.nowMs())),
  );

  app.get(
    '/facets',
    described({ summary: 'Counts by value of the rows that match', query: facetQuery }),
    async (request, reply) =>
      answered(reply, () => trail().reader.facets(given(request.query as AuditQuery), at.nowMs())),
  );

  app.get('/stats', described({ summary: 'Size, ends, sinks, unrecorded calls' }), async (_request, reply) =>
    answered(reply, async () => {
      const { writer, reader } = trail();
      const failure = writer.failure()?.message;
      return {
        ...(await reader.stats()),
        unrecorded: writer.unrecorded(),
        waiting: writer.waiting(),
        ...(failure !== undefined && { failure }),
      };
    }),
  );

  app.get(
    '/verify',
    described({ summary: 'The last check of the whole chain; starts one when it is old', query: verifyQuery }),
    (request) => {
      const isFresh = verified !== undefined && at.nowMs() - verified.atMs < verifiedForMs;
      if (!verifying && (!isFresh || (request.query as z.output<typeof verifyQuery>).fresh === 'true')) {
        verifying = trail().checker.verify(at.stateDir);
        verifying
          .then((result) => void (verified = { atMs: at.nowMs(), result }))
          .catch(() => {})
          .finally(() => (verifying = undefined));
      }
      return {
        state: verifying ? 'running' : 'done',
        ...(verified && { checked_at: new Date(verified.atMs).toISOString(), ...verified.result }),
      };
    },
  );

  app.get(
    '/export',
    described({ summary: 'Every matching row as JSON, NDJSON or CSV', query: exportQuery }),
    async (request, reply) => {
      const { format, ...asked } = request.query as z.output<typeof exportQuery>;
      return exported(reply, trail(), given(asked as AuditQuery), format, at.nowMs());
    },
  );

  app.get('/:id', described({ summary: 'One row, whole', params: rowParams }), async (request, reply) => {
    const row = await trail().reader.row((request.params as z.output<typeof rowParams>).id);
    if (row) return row;
    return reply.code(404).send({ error: { code: 'HELIO_AUDIT_NO_ROW', message: 'There is no row with this id.' } });
  });
}

/** Parts follow each other as the client reads: a slow download keeps one part in memory and no lock. */
async function exported(reply: FastifyReply, { reader }: Trail, query: AuditQuery, format: Format, nowMs: number) {
  return answered(reply, async () => {
    const first = await reader.part(query, format, 0, nowMs); // a bad query is an answer, not a broken download
    async function* parts() {
      yield first.text;
      let done = first.rows;
      for (let cursor = first.next; cursor !== undefined;) {
        const part = await reader.part({ ...query, cursor }, format, done, nowMs);
        yield part.text;
        done += part.rows;
        cursor = part.next;
      }
    }
    const day = new Date(nowMs).toISOString().slice(0, 10);
    reply.header('content-type', writingOf(format).contentType);
    reply.header('content-disposition', `attachment; filename="helio-audit-${day}.${format}"`);
    return Readable.from(parts());
  });
}

async function answered<T>(reply: FastifyReply, run: () => Promise<T>): Promise<T | FastifyReply> {
  try {
    return await run();
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    if (code !== 'HELIO_AUDIT_QUERY') throw error;
    return reply.code(400).send({ error: { code, message } });
  }
}

/** Without the members that were not given. */
function given(query: AuditQuery): AuditQuery {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}
