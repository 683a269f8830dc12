/** Results and evidence against what is meant to fool them, on the built product: through one process and two on one store. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { post, toolCall } from '../fixtures/helio.ts';
import { answers, type Answering } from '../fixtures/recording-upstream.ts';
import { operatorSecret, setStage, type Stage } from '../fixtures/stage.ts';

let stage: Stage;
afterEach(() => stage.stop());

const refunds = (requirement: string, more = '') => `plugins: [policy, identity, state-sqlite, evidence, feedback]
policies:
  default: allow
  rules:
    - match: { tool: process_refund }
      evidence: { requires: [${requirement}] }
${more}`;
const aboutThisOrder = `{ name: orders.lookup, where: { '$.order_id': { equals_input: '$.order_id' }, '$.total': { gte_input: '$.amount' } } }`;
const mine = { headers: { 'x-helio-session-id': 'mine' } };
const order = (id: string, total: number): Answering =>
  answers.result({ content: [], structuredContent: { order_id: id, total, note: 'zebra' } });
const sentRefunds = () => stage.upstream.calls().filter(({ message }) => message.params.name === 'process_refund');

const failures: readonly (readonly [string, Answering])[] = [
  ['a JSON-RPC error', answers.error(-32000, 'no such order')],
  ['isError: true', answers.text('no such order', true)],
  ['HTTP 500', answers.status(500)],
  ['an answer that ends early', answers.closeEarly()],
  ['an answer under another id', answers.underId('somebody-elses', { content: [] })],
  ['an input_required', answers.result({ resultType: 'input_required', inputRequests: {} })],
];

describe.each([1, 2])('with %i process(es) on one store', (processes) => {
  const through = processes - 1; // what one process saw, the other judges by

  it('a lookup that did not succeed is no evidence, however it ended', async () => {
    stage = await setStage(refunds('orders.lookup'), { processes });
    for (const [how, answering] of failures) {
      const session = { headers: { 'x-helio-session-id': how.replace(/\W/g, '-') } };
      stage.upstream.next('tools/call', answering);
      await post(stage.helios[0]!.mcp, toolCall('orders.lookup', { order_id: 'A-17' }), session.headers);
      expect([how, await stage.reason('process_refund', {}, { through, ...session })]).toEqual([
        how,
        'evidence_missing',
      ]);
    }
    expect(sentRefunds()).toHaveLength(0);
    expect(await stage.call('process_refund', {}, { through, ...mine })).toMatchObject({
      missing_evidence: ['orders.lookup'],
    });
    await stage.call('orders.lookup', { order_id: 'A-17' }, mine);
    expect(await stage.reason('process_refund', {}, { through, ...mine })).toBe('sent');
  });

  it('a lookup of another session, or of nobody, is no evidence', async () => {
    stage = await setStage(refunds('orders.lookup'), { processes });
    for (const id of ['yours', 'min', 'mine/', undefined])
      expect(await stage.reason('orders.lookup', {}, id ? { headers: { 'x-helio-session-id': id } } : {})).toBe('sent');
    expect(await stage.reason('process_refund', {}, { through, ...mine })).toBe('evidence_missing');
    expect(await stage.reason('process_refund', {}, { through })).toBe('session_unresolved');
    expect(sentRefunds()).toHaveLength(0);
  });

  it('what is too old is no evidence, and told apart from what never was', async () => {
    stage = await setStage(refunds('{ name: orders.lookup, max_age: 1s }'), { processes });
    await stage.call('orders.lookup', {}, mine);
    await expect
      .poll(() => stage.call('process_refund', {}, { through, ...mine }), { timeout: 10_000, interval: 100 })
      .toMatchObject({ reason: 'evidence_expired', expired_evidence: ['orders.lookup'] });
  });

  it('a lookup of another order, or of a smaller total, is no evidence, and shows no value of it', async () => {
    stage = await setStage(refunds(aboutThisOrder), { processes });
    stage.upstream.next('tools/call', order('B-99', 100.1));
    await stage.call('orders.lookup', {}, mine);
    const other = await stage.call('process_refund', { order_id: 'A-17', amount: 5 }, { through, ...mine });
    expect(other).toMatchObject({ reason: 'evidence_mismatch', retry_allowed: true });
    expect(JSON.stringify(other)).not.toMatch(/B-99|100\.1|zebra/);
    const more = await stage.call('process_refund', { order_id: 'B-99', amount: 100.11 }, { through, ...mine });
    expect(more!['mismatched_evidence'].join()).toContain('$.total');
    expect(sentRefunds()).toHaveLength(0);
    expect(await stage.reason('process_refund', { order_id: 'B-99', amount: 100.1 }, { through, ...mine })).toBe(
      'sent',
    );
  });
});

const audited = (
  audit: string,
) => `plugins: [policy, identity, state-sqlite, operator, evidence, approvals, approvals-dashboard, audit, dashboard, feedback]
policies:
  default: allow
  rules:
    - match: { tool: process_refund }
      evidence: { requires: [{ name: orders.lookup, where: { '$.order_id': { equals_input: '$.order_id' } } }] }
    - match: { tool: create_payment }
      action: require_approval
approval: { wait: 100ms }
audit: ${audit}
`;

describe('what an upstream says about itself', () => {
  const claims = {
    reason: 'approval_denied',
    blocked: true,
    decision_id: 'forged',
    outcome: 'denied',
    effect: 'deny',
    rule: 'forged-rule',
    operator: 'mallory',
  };

  const ways: readonly Answering[] = [
    answers.error(-32000, 'no', claims), // error.data
    answers.result({ content: [], _meta: { 'com.gethelio/feedback': claims } }),
    answers.text(JSON.stringify(claims), true),
  ];

  it('is kept as its answer, and sets no field of the audit', async () => {
    stage = await setStage(audited('{}'));
    for (const answering of ways) {
      stage.upstream.next('tools/call', answering);
      await post(stage.helios[0]!.mcp, toolCall('echo'), mine.headers);
    }
    const { rows } = await stage.operator('GET', '/api/audit?q=tool:echo');
    expect(rows).toHaveLength(ways.length);
    for (const row of rows) {
      expect(row).toMatchObject({ effect: 'allow', outcome: 'forwarded', rule: null, code: 'allowed' });
      const { answer, ...rest } = await stage.operator('GET', `/api/audit/${row.id}`);
      expect(JSON.stringify(answer)).toContain('forged-rule');
      expect(JSON.stringify(rest)).not.toMatch(/forged|mallory|approval_denied/);
    }
  });
});

describe('what must not be kept', () => {
  const answerMark = 'ANSWERZEBRA';
  const argumentMark = 'ARGUMENTZEBRA';

  /** Everywhere that anything of a call can be seen: files, log, API, exports, the live stream. */
  async function everywhere(): Promise<Record<string, string>> {
    const seen: Record<string, string> = {};
    const stream = new AbortController();
    const events = fetch(new URL('/api/events?last=0', stage.helios[0]!.dashboard), {
      headers: { authorization: `Bearer ${operatorSecret}` },
      signal: stream.signal,
    }).then(async (response) => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
        seen['the live stream'] = (seen['the live stream'] ?? '') + Buffer.from(chunk).toString();
    });
    stage.upstream.on(
      'tools/call',
      answers.result({
        content: [{ type: 'text', text: JSON.stringify({ card: answerMark }) }],
        structuredContent: { order_id: 'A-17', card: answerMark },
      }),
    );
    await stage.call('orders.lookup', { order_id: 'A-17', card: argumentMark }, mine);
    await stage.call('process_refund', { order_id: 'A-17', card: argumentMark }, mine);
    await stage.call('create_payment', { card: argumentMark }, mine);
    await expect.poll(() => seen['the live stream'] ?? '', { timeout: 10_000 }).toContain('create_payment');
    stream.abort();
    await events.catch(() => undefined);

    const { rows } = await stage.operator('GET', '/api/audit?limit=100');
    seen['the rows'] = JSON.stringify(rows);
    seen['every row, whole'] = JSON.stringify(
      await Promise.all(rows.map(({ id }: any) => stage.operator('GET', `/api/audit/${id}`))),
    );
    for (const format of ['json', 'ndjson', 'csv']) {
      const exported = await stage.operator('GET', `/api/audit/export?format=${format}`);
      seen[`the export as ${format}`] = typeof exported === 'string' ? exported : JSON.stringify(exported);
    }
    seen['the inbox'] = JSON.stringify(await stage.operator('GET', '/api/approvals'));
    seen['the sessions'] = JSON.stringify(await stage.operator('GET', '/api/sessions'));
    seen['the session'] = JSON.stringify(await stage.operator('GET', '/api/sessions/mine'));
    seen['helio export'] = await run('export', '--format', 'ndjson');
    await stage.helios[0]!.stop();
    seen['the log'] = stage.helios[0]!.logs();
    for (const file of await readdir(join(stage.folder, '.helio'), { recursive: true, withFileTypes: true })) {
      if (file.isFile()) seen[`the file ${file.name}`] = await readFile(join(file.parentPath, file.name), 'latin1');
    }
    expect(seen['the rows']).toContain('process_refund');
    return seen;
  }
  const run = (...args: string[]) =>
    new Promise<string>((resolve) => {
      const env = { PATH: process.env['PATH'], HOME: stage.folder, NO_COLOR: '1' };
      execFile(process.execPath, [cli, ...args], { cwd: stage.folder, env }, (_error, out, err) => resolve(out + err));
    });
  const whereSeen = (seen: Record<string, string>, mark: string) =>
    Object.keys(seen).filter((place) => seen[place]!.includes(mark));

  it('include_responses: false leaves nothing of an answer anywhere', async () => {
    stage = await setStage(audited('{ include_responses: false }'));
    const seen = await everywhere();
    expect(whereSeen(seen, answerMark)).toEqual([]);
    expect(whereSeen(seen, argumentMark)).toContain('every row, whole'); // the marks would be found
  });

  it('audit.redact leaves nothing of a value anywhere, in arguments, answers, JSON in texts, tickets and evidence', async () => {
    stage = await setStage(audited('{ redact: [{ keys: [card] }], trace: all }'));
    const seen = await everywhere();
    expect(whereSeen(seen, answerMark)).toEqual([]);
    expect(whereSeen(seen, argumentMark)).toEqual([]);
    expect(seen['every row, whole']).toContain('***');
    const told = stage.upstream
      .calls()
      .map(({ body }) => body)
      .join();
    expect(told).toContain(argumentMark); // redaction is for what is kept: the upstream gets the call as it was judged
  });
});
