/** Who calls: the facts that the identity plugin establishes for every call. */
import { defineFact, defineService } from '@gethelio/proxy/plugin';

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
/** `agent:<id>`, else `session:<id>`, else `anonymous`: whom an approval or a quota belongs to. */
export const principal = defineFact<string>('identity.principal');

/** A session that called through one of the MCP doors. */
export interface SeenSession {
  readonly id: string;
  readonly source: string;
  readonly agent: string | undefined;
  readonly lastSeenMs: number;
}
export interface LastSessions {
  /** Sessions seen in the last 10 minutes, newest first; the sideband's own calls are not sightings. At most 10,000. */
  recent(): readonly SeenSession[];
  /** Whether helio.yaml says how an agent is established; without it the fact `agent` is never set. */
  readonly knowsAgents: boolean;
}
export const lastSessions = defineService<LastSessions>('identity.sessions', { scope: 'process' });
