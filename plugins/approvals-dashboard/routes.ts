/** `/api/approvals`: list, look, decide. The approver is who is logged in, whatever a body says. GET never decides. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApprovalDesk, Decided } from '@gethelio/proxy/contracts/approvals';
import { described, type OperatorAccess } from '@gethelio/proxy/contracts/operator';
import type { z } from 'zod';
import * as schemas from './schemas.ts';

export interface RouteNeeds {
  readonly approvalDesk: ApprovalDesk;
  readonly operatorAccess: OperatorAccess;
}

const channel = 'dashboard';
const statusOf: { readonly [why in Extract<Decided, { ok: false }>['why']]: number } = {
  unknown: 404,
  decided: 409,
  voted: 409,
  not_an_approver: 403,
  bad_scope: 400,
};

export function buildRoutes(app: FastifyInstance, { approvalDesk: desk, operatorAccess }: RouteNeeds): void {
  /** In open mode nobody knows who it is, so nobody can have approved. */
  const approver = (request: FastifyRequest): string | undefined => {
    const { name, how } = operatorAccess.who(request);
    return how === 'open' ? undefined : name;
  };

  app.get('/', described({ summary: 'Tickets', query: schemas.listQuery, answer: schemas.ticketPage }), (request) =>
    desk.list(request.query as z.output<typeof schemas.listQuery>),
  );

  app.get(
    '/grants',
    described({ summary: 'Grants that are not used up', query: schemas.grantsQuery, answer: schemas.grantPage }),
    (request) => desk.grants(request.query as z.output<typeof schemas.grantsQuery>),
  );

  app.delete(
    '/grants/:grant',
    described({ summary: 'Revokes a grant', params: schemas.grantParams }),
    async (request, reply) => {
      const by = approver(request);
      if (by === undefined) return nobody(reply);
      const { grant } = request.params as z.output<typeof schemas.grantParams>;
      if (await desk.revoke(grant, by)) return { revoked: true };
      return refuse(reply, 404, 'unknown', 'There is no such grant: it was used, revoked, or has expired');
    },
  );

  app.get(
    '/:id',
    described({ summary: 'One ticket', params: schemas.params, answer: schemas.ticket }),
    async (request, reply) => {
      const { id } = request.params as z.output<typeof schemas.params>;
      return (await desk.get(id)) ?? refuse(reply, 404, 'unknown', 'There is no such ticket');
    },
  );

  app.post(
    '/:id/approve',
    described({ summary: 'Approves', params: schemas.params, body: schemas.approveBody, answer: schemas.decided }),
    async (request, reply) => {
      const by = approver(request);
      if (by === undefined) return nobody(reply);
      const { id } = request.params as z.output<typeof schemas.params>;
      const { note, scope } = request.body as z.output<typeof schemas.approveBody>;
      const word = { ticket: id, channel, decision: 'approve', approver: by } as const;
      return answer(reply, await desk.decide({ ...word, ...(note && { note }), ...(scope && { scope }) }));
    },
  );

  app.post(
    '/:id/deny',
    described({ summary: 'Denies', params: schemas.params, body: schemas.denyBody, answer: schemas.decided }),
    async (request, reply) => {
      const by = approver(request);
      if (by === undefined) return nobody(reply);
      const { id } = request.params as z.output<typeof schemas.params>;
      const { reason } = request.body as z.output<typeof schemas.denyBody>;
      const word = { ticket: id, channel, decision: 'deny', approver: by } as const;
      return answer(reply, await desk.decide({ ...word, ...(reason && { note: reason }) }));
    },
  );

  app.post(
    '/:id/break-glass',
    described({
      summary: 'Lets a call go over the heads of approvers and quorum; never over a deny',
      params: schemas.params,
      body: schemas.breakGlassBody,
      answer: schemas.decided,
    }),
    async (request, reply) => {
      const by = approver(request);
      if (by === undefined) return nobody(reply);
      const { id } = request.params as z.output<typeof schemas.params>;
      const { reason } = request.body as z.output<typeof schemas.breakGlassBody>;
      return answer(reply, await desk.breakGlass({ ticket: id, approver: by, reason }));
    },
  );
}

function answer(reply: FastifyReply, decided: Decided): unknown {
  if (decided.ok) return { ticket: decided.ticket, counted: decided.counted };
  const fix =
    decided.why === 'not_an_approver'
      ? 'in an emergency, use break-glass: it needs a reason and is flagged'
      : undefined;
  return refuse(reply, statusOf[decided.why], decided.why, decided.reason, fix);
}

function nobody(reply: FastifyReply): FastifyReply {
  return refuse(
    reply,
    403,
    'open_mode',
    'In open mode nobody is known by name, so nobody can decide',
    'set dashboard.api_secret',
  );
}

function refuse(reply: FastifyReply, status: number, code: string, message: string, fix?: string): FastifyReply {
  return reply.code(status).send({ error: { code, message, ...(fix && { fix }) } });
}
