/** Whose request a cancel means when neither names a session: an upstream that gives out none, a client of its own each. */
import type { Setting } from './setting.ts';

export type CancelFrom = Pick<Setting, 'request' | 'session'>;

/**
 * The same place, the same credential, no session either. Most likely it is the one: its wait ends, so that nothing is
 * sent for a caller who is gone.
 */
export function couldMean({ request, session, sessionId, era }: Setting, from: CancelFrom): boolean {
  return (
    sessionId === undefined &&
    era === 'legacy' &&
    session !== from.session &&
    request.door === from.request.door &&
    request.upstream === from.request.upstream &&
    request.peer === from.request.peer &&
    request.headers['authorization'] === from.request.headers['authorization']
  );
}
