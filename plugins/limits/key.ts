/** Whom a bucket belongs to: everybody, a tool, a session or an agent; and how long it counts. */
import { deny, duration, type Call, type Facts, type Verdict } from '@gethelio/proxy/plugin';
import { agent, session } from '@gethelio/proxy/contracts/identity';
import { z } from 'zod';

export const keySchema = z.enum(['tool', 'session', 'agent', 'global']);
/** The length of a window that slides. */
export const windowSchema = duration().refine((ms) => ms > 0, 'must be longer than nothing');
export type KeyKind = z.output<typeof keySchema>;

/** The key, or the deny of a call that cannot be told to belong to anybody: it must not count nowhere. */
export type LimitKey = { readonly key: string } | { readonly unresolved: Verdict };

export function readKey(kind: KeyKind, { call, facts }: { readonly call: Call; readonly facts: Facts }): LimitKey {
  switch (kind) {
    case 'global':
      return { key: 'global' };
    case 'tool':
      return { key: `${call.kind === 'tool' ? '' : `${call.kind} `}${call.upstream}/${call.name}` };
    case 'session':
    case 'agent': {
      const found = facts.get(kind === 'session' ? session : agent);
      return found ? { key: found.id } : { unresolved: unresolved(kind) };
    }
  }
}

function unresolved(kind: 'session' | 'agent'): Verdict {
  return deny(
    'session_unresolved',
    `This call is counted per ${kind}, and it cannot be told to which ${kind} it belongs.`,
    {
      suggestion:
        kind === 'session'
          ? 'Send the header x-helio-session-id with an id of your own for this session.'
          : 'Send the identity that this proxy expects of agents; its operator knows which.',
      details: { needs: kind },
      retry: { allowed: true },
    },
  );
}
