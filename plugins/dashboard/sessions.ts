/** `/api/sessions`: who was at work lately, and one session whole. */
import type { AuditSummary, AuditTrail } from '@gethelio/proxy/contracts/audit';
import type { CompletedSteps } from '@gethelio/proxy/contracts/dependencies';
import type { EvidenceBook } from '@gethelio/proxy/contracts/evidence';

/** Sessions are gathered from this many newest calls. */
const callsLookedAt = 1_000;
const rowsShown = 100;

export interface SessionLine {
  readonly id: string;
  readonly agent: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly calls: number;
  readonly denied: number;
  readonly held: number;
}

/** Most recent first. */
export async function readSessions(trail: AuditTrail): Promise<readonly SessionLine[]> {
  const { rows } = await trail.query({ q: 'kind:call', limit: callsLookedAt });
  const bySession = new Map<string, AuditSummary[]>();
  for (const row of rows) {
    if (row.session === null) continue;
    const own = bySession.get(row.session) ?? [];
    own.push(row);
    bySession.set(row.session, own);
  }
  return [...bySession].map(([id, own]) => lineOf(id, own));
}

/** Undefined when the trail knows no such session. */
export async function readSession(
  trail: AuditTrail,
  books: { readonly evidence: EvidenceBook | undefined; readonly steps: CompletedSteps | undefined },
  id: string,
) {
  const q = `session:"${id.replace(/(["\\])/g, '\\$1')}"`;
  const [page, oldest, facets, evidence, steps] = await Promise.all([
    trail.query({ q, limit: rowsShown }),
    trail.query({ q, limit: 1, order: 'asc' }),
    trail.facets({ q }),
    books.evidence?.of(id) ?? [],
    books.steps?.of(id) ?? [],
  ]);
  const first = oldest.rows[0];
  // Fields of a query are globs: `*` in an id would find others.
  const rows = page.rows.filter((row) => row.session === id);
  if (first === undefined || rows.length === 0) return undefined;
  const of = (field: string, value: string): number =>
    facets.facets[field]?.find((facet) => facet.value === value)?.count ?? 0;
  return {
    ...lineOf(id, rows),
    firstAtMs: Date.parse(first.time),
    calls: of('kind', 'call'),
    denied: of('outcome', 'denied'),
    held: of('outcome', 'pending'),
    rows,
    evidence: evidence.map(({ words, source, atMs, expiresAtMs }) => ({ words, source, atMs, expiresAtMs })),
    completed: steps.map(({ tool, status, source, atMs }) => ({ tool, status, source, atMs })),
  };
}

function lineOf(id: string, rows: readonly AuditSummary[]): SessionLine {
  const times = rows.map(({ time }) => Date.parse(time));
  return {
    id,
    agent: rows.find(({ agent }) => agent !== null)?.agent ?? '',
    firstAtMs: Math.min(...times),
    lastAtMs: Math.max(...times),
    calls: rows.filter(({ kind }) => kind === 'call').length,
    denied: rows.filter(({ outcome }) => outcome === 'denied').length,
    held: rows.filter(({ outcome }) => outcome === 'pending').length,
  };
}
