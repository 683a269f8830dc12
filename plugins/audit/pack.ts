/** Takes from a record what its row needs, on the main thread: a few microseconds, the rest is the worker's. */
import {
  writeJson,
  type DecisionRecord,
  type Facts,
  type Json,
  type JsonObject,
  type Log,
} from '@gethelio/proxy/plugin';
import { agent, session } from '@gethelio/proxy/contracts/identity';
import { policyTrace } from '@gethelio/proxy/contracts/policy';
import type { AuditField } from './contract.ts';

/** What is the same for every row of this process and generation. */
export interface Origin {
  readonly process: string;
  readonly version: string;
  configHash(): string | null;
}

/** A row on its way to the worker; `answer` still whole and unredacted. */
export interface PackedRow {
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly method: string | null;
  readonly tool: string | null;
  readonly upstream: string | null;
  readonly session: string | null;
  readonly session_source: string | null;
  readonly agent: string | null;
  readonly agent_source: string | null;
  readonly client: string | null;
  readonly door: string | null;
  readonly peer: string | null;
  readonly effect: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly rule: string | null;
  readonly plugin: string | null;
  readonly is_error: 0 | 1;
  readonly helio_us: number;
  readonly waited_us: number;
  readonly upstream_us: number;
  readonly config_hash: string | null;
  readonly version: string;
  readonly process: string;
  readonly arguments: string | null;
  readonly sent_arguments: string | null;
  readonly detail: string;
  readonly error: string | null;
}

export interface PackOptions {
  readonly origin: Origin;
  readonly trace: 'refused' | 'all' | 'none';
  readonly fields: readonly AuditField[];
  readonly log: Log;
}

export function packRecord(record: DecisionRecord, { origin, trace, fields, log }: PackOptions): PackedRow {
  const { call, facts, decision, data } = record;
  const arrival = call?.arrival ?? record.arrival;
  const who = facts.get(session);
  const whom = facts.get(agent);
  const leading = decision.verdicts.find((verdict) => !verdict.shadow);
  const wantsTrace = trace === 'all' || (trace === 'refused' && decision.effect !== 'allow');
  const detail: Record<string, Json> = {};
  if (leading) detail['reason'] = leading.reason;
  if (decision.verdicts.length > 0) detail['verdicts'] = decision.verdicts.map(shortVerdict);
  const tried = wantsTrace ? facts.get(policyTrace)?.() : undefined;
  if (tried !== undefined) detail['trace'] = tried;
  if (data !== undefined) detail['data'] = data;
  if (fields.length > 0) addFields(detail, fields, record, log);
  return {
    id: record.id,
    at: Math.floor(record.atMs),
    kind: record.kind,
    method: record.method ?? null,
    tool: call?.name ?? named(data),
    upstream: call?.upstream ?? record.upstream ?? null,
    session: who?.id ?? arrival?.mcpSession ?? null,
    session_source: who?.source ?? (arrival?.mcpSession === undefined ? null : 'mcp-session-id'),
    agent: whom?.id ?? null,
    agent_source: whom?.source ?? null,
    client: arrival?.client ? `${arrival.client.name} ${arrival.client.version}` : null,
    door: arrival?.door ?? null,
    peer: arrival?.peer ?? null,
    effect: decision.effect,
    outcome: record.outcome,
    code: leading?.code ?? null,
    rule: leading?.rule?.name ?? null,
    plugin: leading?.plugin ?? null,
    is_error: record.answer?.isError ? 1 : 0,
    helio_us: microseconds(record.helioMs),
    waited_us: microseconds(record.waitedMs),
    upstream_us: microseconds(record.upstreamMs),
    config_hash: origin.configHash(),
    version: origin.version,
    process: origin.process,
    arguments: call ? writeJson(call.arguments) : null,
    sent_arguments: record.sentArguments ? writeJson(record.sentArguments) : null,
    detail: JSON.stringify(detail),
    error: record.error ?? null,
  };
}

/** The sentence of the leading verdict stands in `reason`; the others keep theirs. */
function shortVerdict(verdict: DecisionRecord['decision']['verdicts'][number]): JsonObject {
  const { plugin, stage, effect, code, reason, rule, shadow, details } = verdict;
  return {
    plugin,
    stage,
    effect,
    code,
    reason,
    ...(rule && { rule: rule.name, line: rule.line }),
    ...(shadow && { shadow }),
    ...(details && { details }),
  };
}

const merged = new Set(['limits', 'flags']);
const placed = new Set(['evidence', 'approval']);

function addFields(
  detail: Record<string, Json>,
  fields: readonly AuditField[],
  record: DecisionRecord,
  log: Log,
): void {
  const others: Record<string, Json> = {};
  for (const { key, value } of fields) {
    try {
      const found = value(record);
      if (found === undefined) continue;
      if (merged.has(key))
        detail[key] = [...((detail[key] as Json[] | undefined) ?? []), ...(Array.isArray(found) ? found : [found])];
      else if (placed.has(key)) detail[key] = found;
      else others[key] = found;
    } catch (cause) {
      log.warn('an audit field failed and is left out of the row', {
        field: key,
        row: record.id,
        cause: String(cause),
      });
    }
  }
  if (Object.keys(others).length > 0) detail['fields'] = others;
}

/** The name that a refused message asked for, where the door could read one. */
function named(data: JsonObject | undefined): string | null {
  const name = data?.['name'];
  return typeof name === 'string' ? name : null;
}

function microseconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 1000)) || 0;
}

export const noFacts: Facts = { get: () => undefined };
