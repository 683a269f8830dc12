import { afterEach, describe, expect, it } from 'vitest';
import { desk, type Desk } from './desk.ts';

let test: Desk;
afterEach(() => test?.stop());

const limited = (most: number) => `
policies:
  default: allow
  rules:
    - match: { tool: pay }
      action: rate_limit
      limits: { max_calls: ${most}, window: 1h, key: session }
`;
const standard = ['policy', 'identity', 'feedback', 'evidence', 'dependencies', 'rate-limits', 'dry-run'];
const evaluate = (name = 'pay', more: object = {}) =>
  test.ask('POST', '/evaluate', { session_id: 's1', tool_name: name, arguments: {}, ...more });
const audit = (id: string, status = 'success', result?: unknown) =>
  test.ask('POST', '/audit', { evaluation_id: id, status, ...(result !== undefined && { result }) });

describe('a call that runs elsewhere', () => {
  it('is judged, takes what it costs, and is on record once it is reported', async () => {
    test = await desk({ with: standard, yaml: limited(1) });
    const first = (await evaluate()).body;
    expect(first).toMatchObject({ decision: 'allow', allowed: true, session_id: 's1' });
    expect(test.records.filter(({ kind }) => kind === 'call')).toEqual([]);
    expect((await evaluate()).body).toMatchObject({
      decision: 'deny',
      allowed: false,
      feedback: { blocked: true, reason: 'rate_limited' },
    });
    expect((await audit(first.evaluation_id, 'success', { total: 1 })).body).toMatchObject({ outcome: 'forwarded' });
    const record = test.records.find(({ call }) => call?.id === first.evaluation_id)!;
    expect(record).toMatchObject({ outcome: 'forwarded', call: { arrival: { door: 'sideband' } } });
    expect(test.upstream.received).toEqual([]);
  });

  it('gives back what it took only when it did not run', async () => {
    test = await desk({ with: standard, yaml: limited(1) });
    const one = (await evaluate()).body.evaluation_id as string;
    await audit(one, 'not_executed');
    const two = (await evaluate()).body.evaluation_id as string;
    expect(two).toBeDefined();
    await audit(two, 'error', 'it broke');
    expect((await evaluate()).body.feedback.reason).toBe('rate_limited');
  });

  it('is settled once, however often it is reported', async () => {
    test = await desk({ with: standard, yaml: limited(1) });
    const id = (await evaluate()).body.evaluation_id as string;
    const answers = await Promise.all([audit(id), audit(id, 'not_executed'), audit(id, 'error')]);
    expect(answers.map(({ status, body }) => [status, body.outcome])).toEqual(Array(3).fill([200, 'forwarded']));
    expect(answers.filter(({ body }) => !body.repeated)).toHaveLength(1);
    expect((await evaluate()).body.allowed).toBe(false);
    expect(test.records.filter(({ call }) => call?.id === id)).toHaveLength(1);
  });

  it('that nobody reports ends as unknown, and the charge stays', async () => {
    test = await desk({ with: standard, yaml: limited(1), config: { evaluation_ttl: '100ms' } });
    const id = (await evaluate()).body.evaluation_id as string;
    await expect.poll(() => test.records.find(({ call }) => call?.id === id)?.outcome).toBe('unknown');
    expect((await evaluate()).body.feedback.reason).toBe('rate_limited');
    expect(await audit(id)).toMatchObject({ status: 410, body: { error: { code: 'evaluation_expired' } } });
  });

  it('that is open when Helio stops ends as unknown', async () => {
    test = await desk({ with: standard, yaml: limited(1) });
    const id = (await evaluate()).body.evaluation_id as string;
    await test.stop();
    expect(test.records.find(({ call }) => call?.id === id)?.outcome).toBe('unknown');
  });

  it('cannot be reported when it was refused, or never asked about', async () => {
    test = await desk({ with: standard, yaml: limited(1) });
    await evaluate();
    const refused = (await evaluate()).body.evaluation_id as string;
    for (const id of [refused, 'made-up']) expect((await audit(id)).status).toBe(404);
  });

  it('is evidence and a completed step like any other call', async () => {
    test = await desk({
      with: standard,
      yaml: `
policies:
  default: allow
  rules:
    - match: { tool: refund }
      evidence: { requires: [{ name: lookup, where: { '$.total': { gte_input: '$.amount' } } }] }
      requires: [lookup]
`,
    });
    const refund = async (amount: number) => (await evaluate('refund', { arguments: { amount } })).body.allowed;
    expect(await refund(1)).toBe(false);
    await audit((await evaluate('lookup')).body.evaluation_id, 'error', { total: 40 });
    expect(await refund(1)).toBe(false);
    await audit((await evaluate('lookup')).body.evaluation_id, 'success', { total: 40 });
    expect(await refund(41)).toBe(false);
    expect(await refund(40)).toBe(true);
  });

  it('?peek=true only judges: nothing is taken, nothing recorded', async () => {
    test = await desk({ with: standard, yaml: limited(1) });
    for (let i = 0; i < 5; i++) {
      const { body } = await test.ask('POST', '/evaluate?peek=true', { session_id: 's1', tool_name: 'pay' });
      expect(body).toMatchObject({ decision: 'allow', allowed: true, evaluation_id: null });
    }
    expect(test.records).toEqual([]);
    expect((await evaluate()).body.allowed).toBe(true);
    const { body } = await test.ask('POST', '/evaluate?peek=true', { session_id: 's1', tool_name: 'pay' });
    expect(body).toMatchObject({ decision: 'deny', feedback: { reason: 'rate_limited' } });
  });

  it('of a tool that no upstream has is judged by the definition that comes with it', async () => {
    test = await desk({
      with: standard,
      yaml: `
policies:
  default: allow
  rules:
    - match: { tool: '*', annotations: { readOnlyHint: false } }
      action: deny
`,
    });
    test.upstream.advertises({ name: 'known' });
    expect((await evaluate('mine')).body).toMatchObject({ decision: 'deny', feedback: { reason: 'unknown_tool' } });
    expect((await evaluate('mine', { tool: {} })).body.feedback.reason).toBe('policy_denied');
    const readOnly = { annotations: { readOnlyHint: true } };
    expect((await evaluate('mine', { tool: readOnly })).body.allowed).toBe(true);
    expect((await evaluate('mine', { tool: readOnly, upstream: 'upstream' })).status).toBe(400);
  });

  it('keeps the exact digits of its arguments', async () => {
    test = await desk({
      with: standard,
      yaml: `
policies:
  default: allow
  rules:
    - match: { tool: pay, input: { '$.amount': { gt: '9007199254740992' } } }
      action: deny
`,
    });
    const judged = async (amount: string) =>
      (await test.ask('POST', '/evaluate', `{"session_id":"s1","tool_name":"pay","arguments":{"amount":${amount}}}`))
        .body.decision;
    expect(await judged('9007199254740992')).toBe('allow');
    expect(await judged('9007199254740993')).toBe('deny');
  });
});

it('200 parallel evaluates against a limit of 50 reserve exactly 50', async () => {
  test = await desk({ with: [...standard, 'state-sqlite'], yaml: limited(50) });
  const asked = await Promise.all(Array.from({ length: 200 }, () => evaluate()));
  expect(asked.filter(({ body }) => body.allowed)).toHaveLength(50);
  expect(new Set(asked.filter(({ body }) => !body.allowed).map(({ body }) => body.feedback.reason))).toEqual(
    new Set(['rate_limited']),
  );
});

describe('an approval', () => {
  const secret = 'an-operator-secret-for-tests';
  const held = {
    with: [...standard, 'operator', 'approvals', 'approvals-dashboard'],
    yaml: `
dashboard: { port: 0, api_secret: ${secret} }
policies:
  default: allow
  rules:
    - match: { tool: pay }
      action: require_approval
`,
  };
  const decide = (id: string, how: 'approve' | 'deny') =>
    fetch(`${test.url('dashboard')}/api/approvals/${id}/${how}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: '{}',
    });

  it('is asked for at once, waited for apart, and used by the next evaluate', async () => {
    test = await desk(held);
    const pending = (await evaluate()).body;
    expect(pending).toMatchObject({ decision: 'hold', allowed: false, feedback: { reason: 'approval_pending' } });
    const path = `/approval/${pending.approval_id}`;
    expect((await test.ask('GET', `${path}?wait=0`)).body).toMatchObject({ decided: false, approved: false });
    const waiting = test.ask('GET', `${path}?wait=30`);
    await decide(pending.approval_id, 'approve');
    expect((await waiting).body).toMatchObject({ decided: true, approved: true, decided_by: 'operator' });
    const ready = (await evaluate()).body;
    expect(ready).toMatchObject({ decision: 'allow', allowed: true });
    await audit(ready.evaluation_id);
    expect((await evaluate()).body.decision).toBe('hold');
  });

  it('that is refused says so, and the sideband has no way to decide', async () => {
    test = await desk(held);
    const { approval_id: id } = (await evaluate()).body;
    for (const path of [`/approval/${id}`, `/approval/${id}/approve`, `/api/approvals/${id}/approve`])
      expect((await test.ask('POST', path, {})).status).toBe(404);
    await decide(id, 'deny');
    expect((await test.ask('GET', `/approval/${id}`)).body).toMatchObject({ state: 'denied', approved: false });
    expect((await evaluate()).body).toMatchObject({ decision: 'deny', feedback: { reason: 'approval_denied' } });
    expect((await test.ask('GET', '/approval/apr_unknown?wait=0')).status).toBe(404);
  });
});
