/** Uses up a grant in the very transaction that lets the call go: one yes, one dispatch, whoever else tries. */
import type { Commitment, ForwardContext, Halt, StoreOp } from '@gethelio/proxy/plugin';
import { grant as grantFact } from './contract.ts';
import { outdated, usedElsewhere } from './answers.ts';
import { collections, decidedOp, grantOp, readDecided, readGrant } from './store.ts';
import { current, type Room } from './room.ts';

export async function reserve(ctx: ForwardContext, room: Room): Promise<Halt | Commitment | void> {
  const grant = ctx.facts.get(grantFact);
  if (grant === undefined || ctx.decision.effect !== 'hold') return;
  const stored = await readGrant(room.documents, grant.id);
  if (stored === undefined || stored.value.ticket !== grant.ticket) return { deny: gone() };

  const remove: StoreOp = {
    op: 'remove',
    collection: collections.grants,
    key: grant.id,
    mustExist: true,
    ifVersion: stored.version,
  };
  if (grant.scope === 'session') {
    // Taken and laid back in one transaction: that is how a revoked grant is noticed. Without a version, so that
    // calls of the session may run side by side.
    const { ifVersion: _any, ...mustExist } = remove;
    return { ops: [mustExist, grantOp(stored.value)], refused: gone };
  }

  const ticket = await readDecided(room.documents, grant.ticket);
  const { config } = current(room);
  const usedBy = { callId: ctx.call.id, atMs: ctx.nowMs };
  return {
    ops: [remove, ...(ticket ? [decidedOp({ ...ticket, usedBy }, config.keep_decided)] : [])],
    refused: usedElsewhere,
    settle({ acted, nowMs }) {
      // The upstream provably did nothing: the yes still stands.
      if (acted || grant.expiresAtMs <= nowMs) return;
      return [grantOp(grant), ...(ticket ? [decidedOp(ticket, config.keep_decided)] : [])];
    },
  };
}

const gone = () => outdated('it was revoked or has expired');
