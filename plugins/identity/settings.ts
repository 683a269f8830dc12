/** The section `identity`. */
import { duration, secret } from '@gethelio/proxy/plugin';
import { z } from 'zod';

const header = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'is no header name')
  .transform((name) => name.toLowerCase());
const agentId = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'an id is 1 to 128 visible ASCII characters');

const fromHeader = z.strictObject({
  header: header.describe(
    'The header that carries the agent. Whoever can send it can be anyone: put a proxy in front that sets it.',
  ),
});
const fromKeys = z.strictObject({
  header: header.default('authorization').describe('The header that carries the key; `Bearer ` in front is left out.'),
  keys: z
    .array(
      z.strictObject({
        key: secret(z.string().min(1).describe('The key, best as ${NAME}.')),
        agent: agentId.describe('Who holds this key.'),
      }),
    )
    .min(1)
    .describe('Which key is which agent. An unknown key is no agent.'),
});
const fixed = z.strictObject({ value: agentId.describe('Every call is this agent.') });

export const identitySection = z
  .strictObject({
    session: z
      .array(header)
      .default([])
      .describe('More headers that carry a session, tried in this order after x-helio-session-id and Mcp-Session-Id.'),
    agent: z
      .union([fixed, fromKeys, fromHeader])
      .optional()
      .describe('How the agent is established: a fixed value, a header, or keys. Left out: no agent is known.'),
    on_unresolved: z
      .enum(['deny', 'door'])
      .default('deny')
      .describe(
        'Without a session: deny leaves it out, so that rules keyed by session refuse; door makes one per agent and peer address.',
      ),
    idle: duration()
      .default(1_800_000)
      .describe('When a session made at the door ends, counted from its last call. Default 30m.'),
  })
  .prefault({});
export type IdentitySection = z.output<typeof identitySection>;
