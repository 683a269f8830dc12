/** For frameworks whose tools run in process: ask before the tool runs, report after it. */
import {
  isDecimal,
  type Decision,
  type Evaluation,
  type JsonObject,
  type KernelApi,
  type Question,
} from '@gethelio/proxy/plugin';
import type { ApprovalDesk, Ticket } from '@gethelio/proxy/contracts/approvals';
import type { LastSessions } from '@gethelio/proxy/contracts/identity';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { approvalView } from './approval-view.ts';
import { checked, textOf } from './body.ts';
import type { Evaluations } from './evaluations.ts';
import { needed, Refused } from './refused.ts';
import { sessionId, sessionMeant } from './sessions.ts';

export interface AdapterTerms {
  readonly kernel: KernelApi;
  readonly evaluations: Evaluations;
  readonly evaluationTtlMs: number;
  readonly sessions: LastSessions;
  readonly desk: ApprovalDesk | undefined;
  nowMs(): number;
}

const object = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);
const question = z.strictObject({
  session_id: sessionId.optional(),
  agent: sessionId.optional(),
  tool_name: z.string().min(1).max(256),
  arguments: object.optional(),
  upstream: z.string().min(1).max(256).optional(),
  /** The definition of a tool that no upstream has: description, inputSchema, annotations, as in tools/list. */
  tool: object.optional(),
});
const report = z.strictObject({
  evaluation_id: z.string().min(1).max(128),
  status: z.enum(['success', 'error', 'not_executed']),
  result: z.unknown().optional(),
});
const isPeek = z.strictObject({ peek: z.enum(['true', 'false']).optional() });
const longestWaitS = 55;
const waits = z.strictObject({
  wait: z
    .string()
    .refine((text) => isDecimal(text) && Number(text) >= 0, 'is a number of seconds')
    .optional(),
});
/** A waiting request costs a socket and a listener: beyond this many, one is answered at once. */
const mostWaiting = 1_000;

export function addAdapterRoutes(app: FastifyInstance, terms: AdapterTerms): void {
  const { kernel, evaluations, sessions } = terms;
  let waiting = 0;

  app.post('/evaluate', async (request, reply) => {
    const { peek } = checked(isPeek, request.query);
    const asked = questionOf(request.body, sessions);
    if (peek === 'true') return peeked(asked);
    evaluations.room();
    const evaluation = await answered(() => kernel.evaluate(asked));
    if (evaluation.outcome !== 'ready') return refusedAnswer(evaluation, asked);
    // Nobody is there to run it: what it took goes back at once.
    if (request.raw.socket.destroyed) {
      await evaluation.report({ acted: false, known: true });
      return reply;
    }
    const expiresAtMs = evaluations.open(evaluation, terms.evaluationTtlMs, terms.nowMs());
    return {
      evaluation_id: evaluation.id,
      session_id: asked.session!,
      decision: 'allow',
      allowed: true,
      expires_at: new Date(expiresAtMs).toISOString(),
    };
  });

  async function peeked(asked: Question): Promise<JsonObject> {
    const { decision, feedback } = await answered(() => kernel.explain(asked));
    return {
      evaluation_id: null,
      session_id: asked.session!,
      decision: decision.effect,
      allowed: decision.effect === 'allow',
      ...(decision.effect !== 'allow' && { feedback: feedback ?? minimal(decision) }),
    };
  }

  app.post('/audit', async (request) => {
    const { evaluation_id: id, status, result } = checked(report, request.body);
    const text = typeof result === 'string' ? result : textOf(request.body, 'result');
    return { evaluation_id: id, ...(await evaluations.report(id, { status, text })) };
  });

  app.get<{ Params: { id: string } }>('/approval/:id', async (request, reply) => {
    const desk = needed(terms.desk, 'approvals');
    const { wait } = checked(waits, request.query);
    const waitMs = waiting < mostWaiting ? Math.min(wait === undefined ? 30 : Number(wait), longestWaitS) * 1000 : 0;
    waiting++;
    try {
      const ticket = await decided(desk, request.params.id, waitMs, reply);
      if (ticket === undefined) throw new Refused(404, 'approval_unknown', 'There is no such approval');
      return approvalView(ticket);
    } finally {
      waiting--;
    }
  });
}

/** The ticket once it is decided, or as it stands when the time is over or the asker is gone. */
async function decided(
  desk: ApprovalDesk,
  id: string,
  waitMs: number,
  reply: FastifyReply,
): Promise<Ticket | undefined> {
  let wake = (): void => {};
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    wake();
  };
  const timer = setTimeout(stop, waitMs);
  reply.raw.once('close', stop);
  const unwatch = desk.watch(() => wake());
  try {
    for (;;) {
      const changed = new Promise<void>((done) => void (wake = done)); // before the look: no change is missed
      const ticket = await desk.get(id);
      if (ticket?.state !== 'pending' || isOver) return ticket;
      await changed;
    }
  } finally {
    unwatch();
    clearTimeout(timer);
    reply.raw.off('close', stop);
  }
}

function questionOf(body: unknown, sessions: LastSessions): Question {
  const { session_id: named, agent, tool_name: name, upstream, tool } = checked(question, body);
  if (tool !== undefined && upstream !== undefined)
    throw new Refused(400, 'bad_request', 'tool: is for tools that no upstream has', 'leave out tool, or upstream');
  const argumentsText = textOf(body, 'arguments');
  return {
    name,
    session: sessionMeant(named, sessions),
    ...(agent !== undefined && { agent }),
    ...(upstream !== undefined && { upstream }),
    ...(tool !== undefined && { definition: tool }),
    ...(argumentsText !== undefined && { argumentsText }),
  };
}

const decisions = { denied: 'deny', answered: 'deny', simulated: 'simulate', pending: 'hold', ready: 'allow' } as const;

function refusedAnswer({ id, outcome, decision, feedback }: Evaluation, { session }: Question): JsonObject {
  const said = feedback ?? minimal(decision);
  return {
    evaluation_id: id,
    session_id: session!,
    decision: decisions[outcome],
    allowed: false,
    ...(outcome === 'pending' && typeof said['approval'] === 'string' && { approval_id: said['approval'] }),
    feedback: said,
  };
}

/** A tool that is hidden, or does not exist, has no feedback of its own. */
function minimal({ verdicts }: Decision): JsonObject {
  const main = verdicts.find(({ shadow }) => !shadow);
  return {
    blocked: true,
    reason: main?.code ?? 'policy_denied',
    message: main?.reason ?? 'No plugin gave a verdict.',
    retry_allowed: main?.retry?.allowed ?? false,
  };
}

/** A question that cannot even be asked is the asker's mistake. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === 'HELIO_QUESTION_ARGUMENTS') throw new Refused(400, 'bad_request', `arguments: ${message}`);
    throw error;
  }
}
