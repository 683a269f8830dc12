/** Establishes who calls: the facts session, agent and principal of every call. */
import { definePlugin } from '@gethelio/proxy/plugin';
import { agent, lastSessions, principal, session, type SessionIdentity } from './contract.ts';
import { createDoorSessions } from './door-sessions.ts';
import { agentOf, namedSession } from './resolve.ts';
import { identitySection } from './settings.ts';
import { createSightings } from './sightings.ts';

export const identity = definePlugin({
  name: 'identity',
  apiVersion: 1,
  summary: 'Establishes session, agent and principal of every call.',
  config: identitySection,
  taps: ['onRequest'],
  provides: { lastSessions },
  register({ config, hooks, keep, clock, log }) {
    const doors = keep('door-sessions', createDoorSessions);
    const sightings = keep('sightings', createSightings);

    hooks.onRequest.tap({ stage: 'identify' }, ({ call, facts, nowMs }) => {
      const { arrival } = call;
      const who = agentOf(arrival, config.agent);
      const named = namedSession(arrival, config.session);
      const made = named === 'none' && config.on_unresolved === 'door' && arrival.vouched === undefined;
      const found = typeof named === 'object' ? named : made ? atDoor(who?.id, arrival.peer, nowMs) : undefined;
      if (named === 'improper')
        log.debug('a session id was not taken: not 1 to 128 visible ASCII characters', { call: call.id });
      if (who) facts.set(agent, who);
      if (found) facts.set(session, found);
      facts.set(principal, who ? `agent:${who.id}` : found ? `session:${found.id}` : 'anonymous');
      if (found && arrival.door !== 'sideband')
        sightings.see({ id: found.id, source: found.source, agent: who?.id, lastSeenMs: nowMs });
    });

    function atDoor(agentId: string | undefined, peer: string, nowMs: number): SessionIdentity | undefined {
      const id = doors.sessionOf(JSON.stringify([agentId ?? null, peer]), nowMs, config.idle);
      return id === undefined ? undefined : { id, source: 'door' };
    }

    return {
      lastSessions: { recent: () => sightings.recent(clock.nowMs()), knowsAgents: config.agent !== undefined },
    };
  },
});
export default identity;
