/** The main path of a held call: is there a grant, was it refused, else wait for a person - as long as it may. */
import { inputRequiredAnswer, isShutdown, type ForwardContext, type Halt, type Refusals } from '@gethelio/proxy/plugin';
import { grant as grantFact, ticket as ticketFact, type Grant } from './contract.ts';
import { isCovered, readAsk, type Ask, type Terms } from './ask.ts';
import { attach, whyOutdated } from './attach.ts';
import { deniedBefore, endedVerdict, outdated, pendingAnswer, pendingVerdict } from './answers.ts';
import { installationKey } from './keys.ts';
import { openLeg, sealLeg } from './legs.ts';
import { onceKey, readDecided, readDenial, readGrant, sessionKey, type StoredTicket } from './store.ts';
import { bindingKey, current, type Room } from './room.ts';
import type { Place } from './queue.ts';
import { cancelOwn } from './life.ts';

export interface LiftOptions {
  readonly room: Room;
  readonly terms: Terms;
  readonly waitMs: number;
  readonly legs: number;
  readonly refusals: Refusals | undefined;
}

const legLifetimeMs = 15 * 60_000;

export async function lift(ctx: ForwardContext, options: LiftOptions): Promise<Halt | void> {
  if (ctx.decision.effect !== 'hold' || ctx.mode === 'explain' || ctx.continues !== undefined) return;
  const ask = readAsk(ctx, options.terms, bindingKey(options.room));

  // It waited, got its yes, and was judged again: does the yes still answer what is asked?
  const given = ctx.facts.get(grantFact);
  if (given !== undefined) {
    if (!isCovered(ask, given.covers, given.definition)) return { deny: outdated(whyOutdated(ask, given.definition)) };
    return ctx.lift(by(given));
  }

  const place = options.room.queue.join(ask.subject, ctx.call);
  let isLifted = false;
  try {
    const found = await seek(ctx, ask, place, options);
    if ('grant' in found) {
      ctx.facts.set(grantFact, found.grant);
      ctx.lift(by(found.grant));
      isLifted = true;
      return;
    }
    return found;
  } finally {
    // With a grant it keeps its place until the call is over: who comes after waits for what becomes of the grant.
    if (!isLifted) place.leave();
  }
}

async function seek(
  ctx: ForwardContext,
  ask: Ask,
  place: Place,
  options: LiftOptions,
): Promise<Halt | { readonly grant: Grant }> {
  const { room } = options;
  const { nowMs } = current(room);
  const endMs = performance.now() + options.waitMs;
  let mine: StoredTicket | undefined;
  let isAnnounced = false; // a call that waited is judged again, so every wait is announced
  for (;;) {
    const seen = place.seen();
    const grant = await findGrant(room, ask);
    if (grant?.scope === 'session' || (grant !== undefined && place.isFirst())) return { grant };
    if (grant === undefined) {
      const denial = await readDenial(room.documents, ask.subject);
      if (denial !== undefined && isCovered(ask, denial.identities, denial.definition))
        return { deny: deniedBefore(denial, nowMs()) };

      const ended = mine && !room.mirror.isOpen(mine.id) ? await readDecided(room.documents, mine.id) : undefined;
      if (ended !== undefined && !isGranted(ended)) return { deny: endedVerdict(ended) };
      // Granted, and used by an older call: this one asks for itself.
      if (mine === undefined || ended !== undefined) {
        const attached = await attach(room, ask, ctx);
        if ('deny' in attached) return attached;
        mine = attached.ticket;
        if (ctx.facts.get(ticketFact) === undefined) ctx.facts.set(ticketFact, { id: mine.id, digest: mine.digest });
      }
    }
    if (!isAnnounced) ctx.waiting(mine ? waitingFor(mine) : 'waiting for an approval');
    isAnnounced = true;
    const woken = await place.change(seen, endMs - performance.now(), ctx.signal);
    if (woken === 'changed') continue;
    const cancelled = isShutdown(ctx.signal) ? await cancelledByShutdown(room, mine) : undefined;
    return cancelled ? { deny: endedVerdict(cancelled) } : stillPending(ctx, ask, mine, options);
  }
}

/** The ticket, when `on_shutdown: cancel` ended it. */
async function cancelledByShutdown(room: Room, mine: StoredTicket | undefined): Promise<StoredTicket | undefined> {
  if (mine === undefined || current(room).config.on_shutdown !== 'cancel') return undefined;
  if (room.own.has(mine.id)) await cancelOwn(room, mine.id);
  const ended = await readDecided(room.documents, mine.id);
  return ended?.state === 'shutdown_cancelled' ? ended : undefined;
}

/** `wait` is over, the caller is gone, or Helio stops: the ticket lives on. */
async function stillPending(
  ctx: ForwardContext,
  ask: Ask,
  mine: StoredTicket | undefined,
  { room, legs, refusals }: LiftOptions,
): Promise<Halt> {
  const { nowMs } = current(room);
  if (mine === undefined) {
    const attached = await attach(room, ask, ctx);
    if ('deny' in attached) return attached;
    mine = attached.ticket;
  }
  if (ctx.call.arrival.era === 'modern' && !ctx.signal.aborted) {
    const key = await installationKey(room, 'legs');
    const leg = openLeg(key, ask.subject, ctx.call.arrival.requestState, nowMs()) + 1;
    if (leg <= legs) {
      const requestState = sealLeg(key, ask.subject, leg, nowMs() + legLifetimeMs);
      return { respond: inputRequiredAnswer({ requestState }), outcome: 'pending' };
    }
  }
  const verdict = pendingVerdict(mine, nowMs());
  return { respond: pendingAnswer(ctx, verdict, refusals), outcome: 'pending' };
}

async function findGrant(room: Room, ask: Ask): Promise<Grant | undefined> {
  for (const key of [ask.sessionSubject && sessionKey(ask.sessionSubject), onceKey(ask.subject)]) {
    const found = key ? (await readGrant(room.documents, key))?.value : undefined;
    if (found !== undefined && isCovered(ask, found.covers, found.definition)) return found;
  }
  return undefined;
}

/** Said as progress, again and again: the time is one that does not change. */
const waitingFor = ({ id, deadlineAtMs }: StoredTicket): string =>
  `waiting for approval ${id} (until ${new Date(deadlineAtMs).toISOString().slice(11, 19)} UTC)`;
const isGranted = ({ state }: StoredTicket): boolean => state === 'approved' || state === 'break_glass';
const by = (grant: Grant): string => `${grant.by.join(', ')}${grant.breakGlass ? ' (break-glass)' : ''}`;
