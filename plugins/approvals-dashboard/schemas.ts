/** What the routes take and answer; also what `/api/openapi.json` shows. */
import { z } from 'zod';

const state = z.enum(['pending', 'approved', 'denied', 'timeout', 'break_glass', 'shutdown_cancelled', 'superseded']);
const scope = z.enum(['once', 'session']);
const text = z.string().max(4_000);
const ms = z.number().describe('Milliseconds since 1970.');

export const params = z.strictObject({ id: z.string().max(100) });
export const grantParams = z.strictObject({ grant: z.string().max(100) });

export const listQuery = z.strictObject({
  status: z.enum([...state.options, 'decided', 'all']).default('pending'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(100).optional().describe('The `cursor` of the page before.'),
});
export const grantsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(100).optional(),
});

export const approveBody = z.strictObject({ note: text.optional(), scope: scope.optional() });
export const denyBody = z.strictObject({ reason: text.optional().describe('The agent reads it.') });
export const breakGlassBody = z.strictObject({
  reason: text.trim().min(1, 'a reason is required').describe('Kept in every record of it.'),
});

export const ticket = z
  .looseObject({
    id: z.string(),
    state,
    createdAtMs: ms,
    deadlineAtMs: ms,
    principal: z.string(),
    upstream: z.string(),
    kind: z.enum(['tool', 'resource', 'prompt']),
    name: z.string(),
    argumentsText: z.string().describe('JSON with the exact numbers of the client; hiding characters are escaped.'),
    argumentsCut: z.boolean(),
    argumentsHash: z.string(),
    askers: z.array(z.looseObject({ plugin: z.string(), code: z.string(), reason: z.string() })),
    channels: z.array(z.string()),
    quorum: z.number(),
    scopes: z.array(scope),
    votes: z.array(
      z.looseObject({ decision: z.enum(['approve', 'deny']), approver: z.string(), channel: z.string(), atMs: ms }),
    ),
  })
  .describe('The whole shape: plugins/approvals/contract.ts, Ticket.');
export const ticketPage = z.object({ tickets: z.array(ticket), cursor: z.string().optional() });
export const decided = z.object({
  ticket,
  counted: z.boolean().describe('True: the vote counts, and the quorum is not complete yet.'),
});
export const grantPage = z.object({
  grants: z.array(z.looseObject({ id: z.string(), ticket: z.string(), scope, by: z.array(z.string()) })),
  cursor: z.string().optional(),
});
