/** A stored row as everyone else sees it: the JSON of an `AuditRow`, exact numbers kept, and its summary. */
import type { Json } from '@gethelio/proxy/plugin';
import type { AuditRow, AuditSummary } from '../contract.ts';
import { answerText } from './answer.ts';
import { hex, type StoredRow } from './row.ts';

interface Detail {
  readonly reason?: string;
  readonly verdicts?: Json;
  readonly trace?: Json;
  readonly evidence?: Json;
  readonly approval?: Json;
  readonly limits?: Json;
  readonly flags?: Json;
  readonly data?: Json;
  readonly fields?: Json;
}

/** The members in their order, each as JSON text. Every export has these columns. */
export function rowMembers(row: StoredRow): readonly (readonly [name: keyof AuditRow, json: string])[] {
  const detail = parsed(row.detail);
  const json = (value: unknown) => JSON.stringify(value ?? null);
  return [
    ['seq', json(row.seq)],
    ['id', json(row.id)],
    ['time', json(isoTime(row.at))],
    ['kind', json(row.kind)],
    ['session', json(row.session)],
    ['session_source', json(row.session_source)],
    ['agent', json(row.agent)],
    ['agent_source', json(row.agent_source)],
    ['client', json(row.client)],
    ['door', json(row.door)],
    ['peer', json(row.peer)],
    ['upstream', json(row.upstream)],
    ['method', json(row.method)],
    ['tool', json(row.tool)],
    ['arguments', rawJson(row.arguments)],
    ['sent_arguments', rawJson(row.sent_arguments)],
    ['effect', json(row.effect)],
    ['outcome', json(row.outcome)],
    ['code', json(row.code)],
    ['reason', json(detail.reason)],
    ['rule', json(row.rule)],
    ['plugin', json(row.plugin)],
    ['verdicts', json(detail.verdicts ?? [])],
    ['trace', json(detail.trace)],
    ['evidence', json(detail.evidence)],
    ['approval', json(detail.approval)],
    ['limits', json(detail.limits ?? [])],
    ['flags', json(detail.flags ?? [])],
    ['answer', rawJson(answerText(row))],
    ['answer_form', json(row.answer_form)],
    ['is_error', json(row.is_error === 1)],
    ['error', json(row.error)],
    ['helio_ms', json(row.helio_us / 1000)],
    ['waited_ms', json(row.waited_us / 1000)],
    ['upstream_ms', json(row.upstream_us / 1000)],
    ['total_ms', json(row.total_us / 1000)],
    ['config_hash', json(row.config_hash)],
    ['version', json(row.version)],
    ['process', json(row.process)],
    ['data', json(detail.data)],
    ['fields', json(detail.fields ?? {})],
    ['hash', json(hex(row.hash))],
  ];
}

export function rowJson(row: StoredRow): string {
  return `{${rowMembers(row)
    .map(([name, json]) => `"${name}":${json}`)
    .join(',')}}`;
}

export function auditRow(row: StoredRow): AuditRow {
  return JSON.parse(rowJson(row)) as AuditRow;
}

/** What a summary reads of a row: not the answer. */
export const summaryColumns =
  'seq, id, at, kind, session, agent, client, upstream, method, tool, arguments, effect, outcome, code, rule, plugin, detail, is_error, error, helio_us, waited_us, upstream_us, total_us';
const lineLength = 300;

export function auditSummary(row: StoredRow): AuditSummary {
  const { reason, flags } = parsed(row.detail);
  const line = row.arguments;
  return {
    seq: row.seq,
    id: row.id,
    time: isoTime(row.at),
    kind: row.kind,
    session: row.session,
    agent: row.agent,
    client: row.client,
    upstream: row.upstream,
    method: row.method,
    tool: row.tool,
    arguments_line: line !== null && line.length > lineLength ? `${line.slice(0, lineLength - 1)}…` : line,
    effect: row.effect,
    outcome: row.outcome,
    code: row.code,
    reason: reason ?? null,
    rule: row.rule,
    plugin: row.plugin,
    flags: flags ?? [],
    is_error: row.is_error === 1,
    error: row.error,
    helio_ms: row.helio_us / 1000,
    waited_ms: row.waited_us / 1000,
    upstream_ms: row.upstream_us / 1000,
    total_ms: row.total_us / 1000,
  };
}

function parsed(detail: string): Detail {
  try {
    return JSON.parse(detail) as Detail;
  } catch {
    return {}; // an edited row: `verify` names it, reading it must not fail
  }
}

/** JSON text as it is; what is none (an upstream's odd bytes, an edited row) becomes a string. */
function rawJson(text: string | null | undefined): string {
  if (text === null || text === undefined) return 'null';
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

function isoTime(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? String(atMs) : date.toISOString();
}
