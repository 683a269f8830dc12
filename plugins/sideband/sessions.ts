/** Which session a request means: the one it names, else the one MCP session that is there. */
import type { LastSessions } from '@gethelio/proxy/contracts/identity';
import { z } from 'zod';
import { Refused } from './refused.ts';

export const sessionId = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'a session id is 1 to 128 visible ASCII characters');

const how =
  'pass session_id (in Python: HelioContext(session=...)) and send the same id from the MCP client as the header ' +
  'x-helio-session-id (in Python: ctx.mcp_headers())';

/** Throws `Refused` 409 when no session is named and there is not exactly one MCP session of the last 10 minutes. */
export function sessionMeant(named: string | undefined, sessions: LastSessions): string {
  if (named !== undefined) return named;
  const recent = sessions.recent();
  if (recent.length === 1) return recent[0]!.id;
  if (recent.length === 0)
    throw new Refused(409, 'session_unknown', 'No MCP session was seen in the last 10 minutes', how);
  throw new Refused(
    409,
    'session_ambiguous',
    `${recent.length} MCP sessions were seen in the last 10 minutes, so one must be named`,
    how,
  );
}
