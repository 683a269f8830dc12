/** A row of the live feed. The audit's own summary; made from the record itself where no audit is loaded. */
import type { DecisionRecord } from '@gethelio/proxy/plugin';
import type { AuditSummary } from '@gethelio/proxy/contracts/audit';
import { agent, session } from '@gethelio/proxy/contracts/identity';

export type LiveRow = AuditSummary;

/**
 * Without the audit nothing says what has to be masked, so that the arguments stay out. `seq` counts from 1 in this
 * process: it is no place to read on from.
 */
export function rowOf(record: DecisionRecord, seq: number): LiveRow {
  const deciding = record.decision.verdicts[0];
  return {
    seq,
    id: record.id,
    time: new Date(record.atMs).toISOString(),
    kind: record.kind,
    session: record.facts.get(session)?.id ?? null,
    agent: record.facts.get(agent)?.id ?? null,
    client:
      record.arrival?.client === undefined ? null : `${record.arrival.client.name} ${record.arrival.client.version}`,
    upstream: record.call?.upstream ?? record.upstream ?? null,
    method: record.method ?? null,
    tool: record.call?.name ?? null,
    effect: record.decision.effect,
    outcome: record.outcome,
    code: deciding?.code ?? null,
    reason: deciding?.reason ?? null,
    rule: deciding?.rule?.name ?? null,
    plugin: deciding?.plugin ?? null,
    flags: [],
    is_error: record.answer?.isError ?? false,
    error: record.error ?? null,
    helio_ms: record.helioMs,
    waited_ms: record.waitedMs,
    upstream_ms: record.upstreamMs,
    total_ms: record.helioMs + record.waitedMs + record.upstreamMs,
    arguments_line: null,
  };
}
