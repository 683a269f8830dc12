/** What applications tell: evidence, completed steps, values of a session. */
import { normaliseDecimal, type Json, type JsonObject } from '@gethelio/proxy/plugin';
import type { CompletedSteps } from '@gethelio/proxy/contracts/dependencies';
import type { EvidenceBook } from '@gethelio/proxy/contracts/evidence';
import type { LastSessions } from '@gethelio/proxy/contracts/identity';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { checked, textOf } from './body.ts';
import { needed, Refused } from './refused.ts';
import { sessionId, sessionMeant } from './sessions.ts';
import type { SessionValues } from './session-values.ts';

export interface SdkTerms {
  readonly book: EvidenceBook | undefined;
  readonly steps: CompletedSteps | undefined;
  readonly sessions: LastSessions;
  readonly values: SessionValues;
  emit(kind: string, data: JsonObject): void;
}

const name = z.string().min(1).max(256);
const evidenceBody = z.strictObject({
  session_id: sessionId.optional(),
  tool_name: name,
  evidence_key: name,
  evidence_data: z.unknown().optional(),
  ttl_seconds: z.number().positive().max(31_536_000).optional(),
});
const actionBody = z.strictObject({
  session_id: sessionId.optional(),
  tool_name: name,
  status: z.enum(['success', 'failure']),
});
const contextBody = z.strictObject({ session_id: sessionId.optional(), key: name, value: z.unknown().optional() });
const longestValue = 16_384;

export function addSdkRoutes(app: FastifyInstance, terms: SdkTerms): void {
  const { sessions, values, emit } = terms;

  app.post('/evidence', async (request, reply) => {
    const body = checked(evidenceBody, request.body);
    const dataText = textOf(request.body, 'evidence_data');
    if (dataText === undefined) throw new Refused(400, 'bad_request', 'evidence_data: is missing');
    const session = sessionMeant(body.session_id, sessions);
    const { words, expiresAtMs } = await needed(terms.book, 'evidence').mark({
      session,
      name: body.tool_name,
      key: body.evidence_key,
      dataText,
      ...(body.ttl_seconds !== undefined && { ttlMs: Math.ceil(body.ttl_seconds * 1000) }),
    });
    emit('evidence_marked', { session, tool: body.tool_name, key: body.evidence_key });
    return reply.code(201).send({ session_id: session, words, expires_at: iso(expiresAtMs) });
  });

  app.post('/actions', async (request, reply) => {
    const { session_id: named, tool_name: tool, status } = checked(actionBody, request.body);
    const session = sessionMeant(named, sessions);
    await needed(terms.steps, 'dependencies').note({ session, tool, status });
    emit('step_noted', { session, tool, status });
    return reply.code(201).send({ session_id: session, tool_name: tool, status });
  });

  app.post('/context', async (request, reply) => {
    const { session_id: named, key } = checked(contextBody, request.body);
    const text = textOf(request.body, 'value');
    if (text === undefined) throw new Refused(400, 'bad_request', 'value: is missing');
    if (text.length > longestValue)
      throw new Refused(400, 'bad_request', `value: is longer than ${longestValue} characters of JSON`);
    const value = (request.body as JsonObject)['value'] as Json;
    // Rules compare the number as it is kept; one that would be kept as another number must not slip in.
    if (typeof value === 'number' && normaliseDecimal(text) !== normaliseDecimal(String(value)))
      throw new Refused(400, 'bad_request', 'value: this number cannot be kept exactly', 'send it as a string');
    const session = sessionMeant(named, sessions);
    await values.set(session, key, value);
    emit('context_set', { session, key });
    return reply.code(201).send({ session_id: session, key });
  });

  app.get('/sessions/current', async () => stateOf(sessionMeant(undefined, sessions)));
  // A wildcard: named parameters end at 100 characters in fastify, and ids may be longer.
  app.get<{ Params: { '*': string } }>('/session/*', async ({ params }) => {
    const [, id] = /^(.*)\/state$/s.exec(params['*']) ?? [];
    if (id === undefined) throw new Refused(404, 'not_found', 'Nothing is here');
    return stateOf(checked(sessionId, id));
  });

  async function stateOf(session: string): Promise<JsonObject> {
    const [evidence, steps] = await Promise.all([terms.book?.of(session), terms.steps?.of(session)]);
    return {
      session_id: session,
      evidence: (evidence ?? []).map(({ words, source, upstream, atMs, expiresAtMs, values: seen }) => ({
        words,
        source,
        upstream,
        at: iso(atMs),
        expires_at: iso(expiresAtMs),
        values: seen,
      })) as unknown as Json,
      actions: (steps ?? []).map(({ tool, status, source, upstream, atMs }) => ({
        tool_name: tool,
        status,
        source,
        upstream,
        at: iso(atMs),
      })),
      context: values.get(session) ?? {},
    };
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
