/** The ledger of a day: one bucket per agent, one more for payments whose amount could not be read. */
import { bucketName, sumDecimals } from '@gethelio/proxy/plugin';

const dayMs = 86_400_000;
/** More agents than a person reads: the page says how many it left out. */
const mostAgents = 200;

/** @typedef {{ readonly name: string, readonly startMs: number }} Day A day of UTC: `2026-03-02`. */
/** @typedef {{ agent: string, spent: string, payments: number, lastAtMs: number }} Spender */

/**
 * @param {number} atMs
 * @returns {Day}
 */
export function dayOf(atMs) {
  const startMs = Math.floor(atMs / dayMs) * dayMs;
  return { name: new Date(startMs).toISOString().slice(0, 10), startMs };
}

/**
 * What one payment adds; `spender` is empty where no agent is known. Amounts stay decimal text from the client's JSON to the screen.
 * @param {string} id
 * @param {string} spender
 * @param {string | undefined} amount
 * @param {number} atMs
 * @returns {import('@gethelio/proxy/plugin').TakeOp}
 */
export function takeOf(id, spender, amount, atMs) {
  const { name, startMs } = dayOf(atMs);
  const unread = amount === undefined;
  return {
    op: 'take',
    // The name of an agent is somebody else's text: `bucketName` keeps it from being taken for another part.
    bucket: bucketName(unread ? 'agent-spend-unread' : 'agent-spend', name, spender),
    entry: id,
    amount: amount ?? '0',
    atMs,
    sinceMs: startMs,
    expiresAtMs: startMs + dayMs,
  };
}

/**
 * @param {import('@gethelio/proxy/contracts/state').Ledger} ledger
 * @param {Day} day
 */
export async function today(ledger, day) {
  /** @param {string} kind */
  const read = (kind) => ledger.list(`${kind}:${day.name}:`, mostAgents + 1, day.startMs);
  const [buckets, unread] = await Promise.all([read('agent-spend'), read('agent-spend-unread')]);
  const prefixLength = `agent-spend:${day.name}:`.length;
  /** @type {Spender[]} */
  const spenders = buckets.slice(0, mostAgents).map(({ bucket, total, entries, lastAtMs }) => ({
    agent: bucket.slice(prefixLength),
    spent: total,
    payments: entries,
    lastAtMs,
  }));
  return {
    day: day.name,
    total: sumDecimals(spenders.map(({ spent }) => spent)),
    spenders,
    hasMore: buckets.length > mostAgents,
    unreadPayments: unread.reduce((sum, { entries }) => sum + entries, 0),
  };
}
