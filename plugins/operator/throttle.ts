/** Slows down guessing: after a few wrong secrets a peer waits, and so does everybody when all together guess a lot. */

const windowMs = 5 * 60_000;
const mostPerPeer = 10;
const mostTogether = 200;
const mostPeers = 10_000;

export interface Throttle {
  /** Milliseconds this peer has to wait before it may try again; 0 when it may. */
  waitMs(peer: string, nowMs: number): number;
  failed(peer: string, nowMs: number): void;
  succeeded(peer: string): void;
}

export function createThrottle(): Throttle {
  const peers = new Map<string, { count: number; sinceMs: number }>();
  const together = { count: 0, sinceMs: 0 };

  const left = (entry: { count: number; sinceMs: number } | undefined, most: number, nowMs: number): number =>
    entry === undefined || entry.count < most ? 0 : Math.max(0, entry.sinceMs + windowMs - nowMs);
  const add = (entry: { count: number; sinceMs: number }, nowMs: number): void => {
    if (nowMs - entry.sinceMs >= windowMs) {
      entry.count = 0;
      entry.sinceMs = nowMs;
    }
    entry.count++;
  };

  return {
    waitMs: (peer, nowMs) => Math.max(left(peers.get(peer), mostPerPeer, nowMs), left(together, mostTogether, nowMs)),
    failed(peer, nowMs) {
      const entry = peers.get(peer) ?? { count: 0, sinceMs: nowMs };
      add(entry, nowMs);
      peers.delete(peer);
      peers.set(peer, entry);
      // The oldest goes first; the common limit still holds for whoever comes from many addresses.
      if (peers.size > mostPeers) peers.delete(peers.keys().next().value as string);
      add(together, nowMs);
    },
    succeeded: (peer) => void peers.delete(peer),
  };
}
