/** Who calls: the facts that the identity plugin establishes for every call. */
import { defineFact } from '@gethelio/proxy/plugin';

export interface SessionIdentity {
  readonly id: string;
  /** Where the id came from: `header:x-helio-session-id`, `mcp-session-id`, `header:<name>`, `door`. */
  readonly source: string;
}
export interface AgentIdentity {
  readonly id: string;
  readonly source: string;
}

/** Absent when no session could be established: rules keyed by session then deny with `session_unresolved`. */
export const session = defineFact<SessionIdentity>('identity.session');
export const agent = defineFact<AgentIdentity>('identity.agent');
/** The agent, else the session, else `anonymous`: whom an approval or a quota belongs to. */
export const principal = defineFact<string>('identity.principal');
