/** `/api/overview`: the last 24 hours in numbers, from the audit's hourly counts. */
import type { AuditTrail } from '@gethelio/proxy/contracts/audit';

const hourMs = 3_600_000;
const hours = 24;
const shownDenials = 6;
/** Spans shorter than this are counted row by row; every question here reaches three hours ahead, to stay on the counts. */
const aheadMs = 3 * hourMs;
const answersHoldMs = 2_000;

export interface OverviewNumbers {
  readonly hours: readonly {
    readonly atMs: number;
    readonly calls: number;
    readonly denied: number;
    readonly held: number;
  }[];
  readonly denials: Awaited<ReturnType<AuditTrail['query']>>['rows'];
  readonly any: boolean;
}

/** Remembers its answer for two seconds: many open dashboards ask the store once. */
export function createOverview(trail: AuditTrail | undefined, nowMs: () => number): () => Promise<OverviewNumbers> {
  let last: { readonly atMs: number; readonly answer: Promise<OverviewNumbers> } | undefined;
  return () => {
    if (trail === undefined) return Promise.resolve({ hours: [], denials: [], any: false });
    if (last === undefined || nowMs() - last.atMs > answersHoldMs)
      last = { atMs: nowMs(), answer: readOverview(trail, nowMs()) };
    return last.answer;
  };
}

async function readOverview(trail: AuditTrail, nowMs: number): Promise<OverviewNumbers> {
  const thisHourMs = Math.floor(nowMs / hourMs) * hourMs;
  const starts = Array.from({ length: hours }, (_, index) => thisHourMs - (hours - 1 - index) * hourMs);
  // Counts from each hour to the end; neighbours differ by one hour.
  const [sums, denials, newest] = await Promise.all([
    Promise.all(starts.map((atMs) => countFrom(trail, atMs, thisHourMs + aheadMs))),
    trail.query({ q: 'kind:call outcome:denied since:24h', limit: shownDenials }),
    trail.query({ q: 'kind:call', limit: 1 }),
  ]);
  return {
    hours: starts.map((atMs, index) => {
      const [mine, next] = [sums[index]!, sums[index + 1] ?? { calls: 0, denied: 0, held: 0 }];
      return { atMs, calls: mine.calls - next.calls, denied: mine.denied - next.denied, held: mine.held - next.held };
    }),
    denials: denials.rows,
    any: newest.rows.length > 0,
  };
}

async function countFrom(trail: AuditTrail, fromMs: number, toMs: number) {
  const { facets } = await trail.facets({ q: `after:${fromMs} before:${toMs}` });
  const of = (field: string, value: string): number =>
    facets[field]?.find((facet) => facet.value === value)?.count ?? 0;
  return { calls: of('kind', 'call'), denied: of('outcome', 'denied'), held: of('kind', 'approval_requested') };
}
