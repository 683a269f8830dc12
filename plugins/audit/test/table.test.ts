import { expect, test } from 'vitest';
import type { AuditRow, AuditSummary } from '../contract.ts';
import { rowPage, summaryLine } from '../cli/table.ts';

const summary = {
  time: '2026-11-22T19:00:00.000Z',
  kind: 'call',
  outcome: 'forwarded',
  tool: 'create_payment',
  total_ms: 12,
  arguments_line: '{"amount":5}',
} as AuditSummary;

test('what happened to Helio shows no outcome of a call, unless it failed', () => {
  expect(summaryLine(summary, Infinity)).toContain('forwarded');
  for (const kind of ['approval_requested', 'approval_resolved', 'login', 'reload']) {
    expect(summaryLine({ ...summary, kind, tool: null }, Infinity)).not.toContain('forwarded');
    expect(summaryLine({ ...summary, kind, tool: null }, Infinity)).toContain(kind);
  }
  expect(summaryLine({ ...summary, kind: 'reload', outcome: 'denied' }, Infinity)).toContain('denied');
});

test('a row in full stands within the terminal, and is broken nowhere in a pipe', () => {
  const reason = 'The rule "payments" wants a person\'s approval, and nobody gave it before its time was over at noon.';
  const row = {
    id: '0199',
    reason,
    decision: { verdicts: [{ reason }] },
    hash: 'ab'.repeat(32),
  } as unknown as AuditRow;
  const page = rowPage(row, 80);
  for (const line of page.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(page).toContain('ab'.repeat(32));
  expect(page.replace(/\n +/g, ' ')).toContain(reason);
  expect(rowPage(row)).toContain(`reason          ${reason}`);
});
