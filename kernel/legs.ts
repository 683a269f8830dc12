/**
 * Open legs of calls that the upstream answered with `input_required` (MCP 2026-07-28, multi-round-trip requests): the
 * client's further leg is the same call, not a new one, and what the first leg took is neither taken nor given back twice.
 */
import { createHash } from 'node:crypto';
import type { Answer, Fact } from './plugin.ts';
import type { Taken } from './steps.ts';
import type { Trip } from './trip.ts';

const lifetimeMs = 15 * 60_000; // how long a person may take to answer what the upstream asked
const mostOpenLegs = 10_000; // each is about 200 bytes

/** By id, so that the kernel need not import the identity plugin's contract. */
const principal: Fact<string> = { id: 'identity.principal' };

export interface Leg {
  readonly callId: string;
  readonly taken: readonly Taken[];
  readonly expiresAtMs: number;
}

export function createLegs(clock: { nowMs(): number }) {
  const open = new Map<string, Leg>();
  const sweep = (): void => {
    for (const [key, leg] of open) {
      if (leg.expiresAtMs > clock.nowMs() && open.size <= mostOpenLegs) break; // insertion order is expiry order
      open.delete(key); // what it took stays taken: nobody knows what the upstream did
    }
  };
  return {
    /**
     * The open leg that this call continues, single use: two calls with the same state, and only the first continues.
     * Anything else is a new call, whatever it claims.
     */
    claim(trip: Trip): Leg | undefined {
      const state = trip.call.arrival.requestState;
      if (state === undefined) return undefined;
      const key = keyOf(trip, state);
      const leg = open.get(key);
      open.delete(key);
      return leg !== undefined && leg.expiresAtMs > clock.nowMs() ? leg : undefined;
    },
    park(trip: Trip, taken: readonly Taken[], answer: Answer): void {
      const state = (answer.value() as { requestState?: unknown }).requestState;
      if (typeof state !== 'string') return;
      open.set(keyOf(trip, state), {
        callId: trip.continues ?? trip.call.id,
        taken,
        expiresAtMs: clock.nowMs() + lifetimeMs,
      });
      sweep();
    },
  };
}
export type OpenLegs = ReturnType<typeof createLegs>;

function keyOf(trip: Trip, requestState: string): string {
  const { call, facts } = trip;
  const who = facts.get(principal) ?? `${call.arrival.mcpSession ?? ''}@${call.arrival.peer}`;
  return createHash('sha256')
    .update(JSON.stringify([who, call.digest(), requestState]))
    .digest('base64');
}
