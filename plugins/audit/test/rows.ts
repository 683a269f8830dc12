/** Rows for tests. */
import type { PackedRow } from '../pack.ts';
import type { NewRow } from '../store/row.ts';

export function newRow(over: Partial<NewRow> = {}): NewRow {
  return {
    ...packedRow(),
    total_us: 1_500,
    answer_form: 'whole',
    answer_encoding: 'json',
    answer: Buffer.from('{"content":[{"type":"text","text":"done"}]}'),
    ...over,
  };
}

export function packedRow(over: Partial<PackedRow> = {}): PackedRow {
  return {
    id: '0199a000-0000-7000-8000-000000000001',
    at: 1_760_000_000_000,
    kind: 'call',
    method: 'tools/call',
    tool: 'create_payment',
    upstream: 'shop',
    session: 's-1',
    session_source: 'mcp-session-id',
    agent: 'billing-bot',
    agent_source: 'config',
    client: 'tester 1.0',
    door: 'http',
    peer: '127.0.0.1',
    effect: 'allow',
    outcome: 'forwarded',
    code: 'allowed',
    rule: 'payments',
    plugin: 'policy',
    is_error: 0,
    helio_us: 300,
    waited_us: 0,
    upstream_us: 1_200,
    config_hash: 'c0ffee',
    version: '0.1.0',
    process: 'p1',
    arguments: '{"amount":100,"currency":"GBP"}',
    sent_arguments: null,
    detail: '{"reason":"The rule allows it.","verdicts":[]}',
    error: null,
    ...over,
  };
}
