/** Approvals against what is meant to slip past them: every line of it sent to the built product. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { helioFolder, post, startHelio, toolCall } from '../fixtures/helio.ts';
import { answers, startRecordingUpstream } from '../fixtures/recording-upstream.ts';
import { operatorSecret, setStage, tally, type Stage } from '../fixtures/stage.ts';

let stage: Stage;
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await stage?.stop();
  for (const stop of stops.splice(0).reverse()) await stop();
});

const held = (
  approval = '',
  more = '',
) => `plugins: [policy, identity, state-sqlite, operator, approvals, approvals-dashboard, audit, feedback]
identity: { agent: { header: x-agent } }
approval: { wait: 400ms, ${approval} }
policies: { default: allow, rules: [{ match: { tool: 'create_payment' }, name: pay, action: require_approval }, { match: { tool: 'process_*' }, action: require_approval }] }
${more}`;
const as = (agent: string, through = 0) => ({ headers: { 'x-agent': agent }, through });
const tickets = async (status = 'pending'): Promise<any[]> =>
  (await stage.operator('GET', `/api/approvals?status=${status}&limit=200`)).tickets;
/** What the API says, refusals included. */
async function decide(id: string, how: 'approve' | 'deny' | 'break-glass', body: object = {}): Promise<number> {
  const answer = await fetch(new URL(`/api/approvals/${id}/${how}`, stage.helios.at(-1)!.dashboard), {
    method: 'POST',
    headers: { authorization: `Bearer ${operatorSecret}`, 'content-type': 'application/json' },
    body: JSON.stringify(how === 'break-glass' ? { reason: 'it burns', ...body } : body),
  });
  await answer.text();
  return answer.status;
}
const raw = (args: string) =>
  `{"jsonrpc":"2.0","id":"raw","method":"tools/call","params":{"name":"create_payment","arguments":${args}}}`;
const reasonOf = (answer: { json: any }): string =>
  answer.json?.result?._meta?.['com.gethelio/feedback']?.reason ?? (answer.json?.result?.isError ? 'error' : 'sent');

describe('one yes', () => {
  it.each([1, 2])(
    'lets one of a hundred parallel retries go, through %i process(es) on one store',
    async (processes) => {
      stage = await setStage(held(), { processes });
      expect(await stage.reason('create_payment', { amount: 5 }, as('a'))).toBe('approval_pending');
      const [{ id }] = await tickets();
      expect(await decide(id, 'approve')).toBe(200);
      const reasons = await Promise.all(
        Array.from({ length: 100 }, (_, n) => stage.reason('create_payment', { amount: 5 }, as('a', n))),
      );
      expect(tally(reasons)).toEqual({ sent: 1, approval_pending: 99 });
      expect(stage.upstream.calls()).toHaveLength(1);
      expect((await tickets('approved')).map(({ usedBy }) => Boolean(usedBy))).toEqual([true]);
      // The other ninety-nine ask together, once.
      expect(await tickets()).toHaveLength(1);
    },
  );

  it('is for exactly the call that was shown: nothing else is sent, and key order alone changes nothing', async () => {
    stage = await setStage(held());
    const agent = { 'x-agent': 'a' };
    const url = stage.helios[0]!.mcp;
    const shown = '{"amount":9007199254740992,"to":{"name":"ACME","iban":"GB33"}}';
    expect(reasonOf(await post(url, raw(shown), agent))).toBe('approval_pending');
    await decide((await tickets())[0].id, 'approve');
    const others: readonly (readonly [string, string, Record<string, string>?])[] = [
      ['another principal', shown, { 'x-agent': 'b' }],
      ['a number one further', '{"amount":9007199254740993,"to":{"name":"ACME","iban":"GB33"}}'],
      ['a number as text', '{"amount":"9007199254740992","to":{"name":"ACME","iban":"GB33"}}'],
      ['a longer text', '{"amount":9007199254740992,"to":{"name":"ACME ","iban":"GB33"}}'],
      ['another member', '{"amount":9007199254740992,"to":{"name":"ACME","iban":"GB33"},"force":true}'],
      ['a member less', '{"amount":9007199254740992,"to":{"name":"ACME"}}'],
      ['a member elsewhere', '{"amount":9007199254740992,"name":"ACME","to":{"iban":"GB33"}}'],
    ];
    for (const [what, args, headers] of others)
      expect([what, reasonOf(await post(url, raw(args), headers ?? agent))]).toEqual([what, 'approval_pending']);
    expect(await stage.reason('process_refund', JSON.parse(shown), as('a'))).toBe('approval_pending');
    expect(stage.upstream.calls()).toHaveLength(0);
    expect(stage.upstream.bytes().toString()).not.toContain('ACME');
    const reordered = '{"to":{"iban":"GB33","name":"ACME"},"amount":9.007199254740992e15}';
    expect(reasonOf(await post(url, raw(reordered), agent))).toBe('sent');
    expect(stage.upstream.calls()).toHaveLength(1);
    expect(stage.upstream.calls()[0]!.body).toContain('9.007199254740992e15');
  });

  it('is for one upstream: the tool of the same name at another asks anew', async () => {
    const [one, two] = [await startRecordingUpstream(), await startRecordingUpstream()];
    const folder = await helioFolder();
    stops.push(
      () => one.stop(),
      () => two.stop(),
      () => folder.remove(),
    );
    const yaml = `version: '1'
upstreams: { one: { url: '${one.url}' }, two: { url: '${two.url}' } }
listen: { port: 0 }
dashboard: { port: 0, api_secret: '${operatorSecret}' }
${held()}`;
    const helio = await startHelio(yaml, { folder: folder.path });
    stops.push(() => helio.stop());
    stage = {
      helios: [helio],
      operator: operatorOf(helio.dashboard!),
      stop: async () => undefined,
    } as unknown as Stage;
    const call = (name: string) =>
      post(`${helio.mcp}/${name}`, toolCall('create_payment', { amount: 5 }), { 'x-agent': 'a' });
    expect(reasonOf(await call('one'))).toBe('approval_pending');
    await decide((await tickets())[0].id, 'approve');
    expect(reasonOf(await call('two'))).toBe('approval_pending');
    expect([one.calls().length, two.calls().length]).toEqual([0, 0]);
    expect(reasonOf(await call('one'))).toBe('sent');
    expect([one.calls().length, two.calls().length]).toEqual([1, 0]);
  });

  it('is for the definition that was shown: a tool that changed meanwhile is refused, with the reason', async () => {
    const before = { name: 'create_payment', description: 'Pays.', inputSchema: { type: 'object' } };
    stage = await setStage(held('wait: 20s').replace('wait: 400ms, ', ''), { tools: [before] });
    const waiting = stage.call('create_payment', { amount: 5 }, as('a'));
    await expect.poll(tickets).toHaveLength(1);
    const changed = { ...before, description: 'Pays. The amount is in thousands.' };
    stage.upstream.on('tools/list', answers.result({ tools: [changed] }));
    await post(stage.helios[0]!.mcp, { jsonrpc: '2.0', id: 'l', method: 'tools/list', params: {} });
    const late = stage.call('create_payment', { amount: 5 }, as('a'));
    await expect.poll(() => tickets('superseded')).toHaveLength(1);
    expect((await waiting)?.reason).toBe('approval_superseded');
    const [ended] = await tickets('superseded');
    expect(ended.decidedBecause).toContain('definition changed');
    expect(await decide(ended.id, 'approve')).toBe(409);
    expect(stage.upstream.calls()).toHaveLength(0);
    await decide((await tickets())[0].id, 'approve');
    expect(await late).toBeUndefined();
    expect(stage.upstream.calls()).toHaveLength(1);
  });

  it('is for the rules that asked: one more that asks is refused with the reason', async () => {
    stage = await setStage(held());
    await stage.call('create_payment', { amount: 5 }, as('a'));
    await decide((await tickets())[0].id, 'approve');
    const more = held().replace(
      'rules: [',
      "rules: [{ match: { tool: '*payment' }, name: second, action: require_approval }, ",
    );
    await stage.start(more);
    expect(await stage.reason('create_payment', { amount: 5 }, as('a', 1))).toBe('approval_pending');
    expect((await tickets())[0].askers.map(({ rule }: any) => rule.name)).toEqual(['second', 'pay']);
    expect(stage.upstream.calls()).toHaveLength(0);
  });
});

describe('every end of a ticket is final', () => {
  it.each(['approve', 'deny', 'break-glass', 'timeout'] as const)(
    'after %s nothing decides it any more, after a kill -9 too',
    async (how) => {
      stage = await setStage(held(how === 'timeout' ? 'timeout: 1s' : ''));
      await stage.call('create_payment', { amount: 5 }, as('a'));
      const [{ id }] = await tickets();
      if (how === 'timeout') await expect.poll(tickets, { timeout: 5_000 }).toHaveLength(0);
      else expect(await decide(id, how)).toBe(200);
      const { state } = await stage.operator('GET', `/api/approvals/${id}`);
      const late = async () => {
        for (const again of ['approve', 'deny', 'break-glass'] as const) expect(await decide(id, again)).toBe(409);
        expect((await stage.operator('GET', `/api/approvals/${id}`)).state).toBe(state);
      };
      await late();
      await stage.helios[0]!.kill();
      await stage.start();
      await late();
      const isYes = how === 'approve' || how === 'break-glass';
      const again = await stage.reason('create_payment', { amount: 5 }, as('a', 1));
      expect(again).toBe(isYes ? 'sent' : how === 'deny' ? 'approval_denied' : 'approval_pending');
      expect(stage.upstream.calls()).toHaveLength(isYes ? 1 : 0);
      // Asking again right after a deny opens no new card.
      expect(await tickets()).toHaveLength(how === 'timeout' ? 1 : 0);
    },
  );

  it('of a hundred clicks at once, yes and no, one counts', async () => {
    stage = await setStage(held());
    await stage.call('create_payment', { amount: 5 }, as('a'));
    const [{ id }] = await tickets();
    const told = await Promise.all(
      Array.from({ length: 100 }, (_, n) => decide(id, (['approve', 'deny', 'break-glass'] as const)[n % 3]!)),
    );
    expect(tally(told.map(String))).toEqual({ 200: 1, 409: 99 });
    const { state } = await stage.operator('GET', `/api/approvals/${id}`);
    const resolved = (await stage.operator('GET', '/api/audit?q=kind:approval_resolved')).rows;
    expect(resolved).toHaveLength(1);
    const reasons = await Promise.all([1, 2, 3].map(() => stage.reason('create_payment', { amount: 5 }, as('a'))));
    expect(reasons.filter((reason) => reason === 'sent')).toHaveLength(state === 'denied' ? 0 : 1);
  });
});

describe('a caller who is gone', () => {
  it('ends its wait and not the ticket; nothing is sent until somebody waits again', async () => {
    stage = await setStage(held().replace('wait: 400ms', 'wait: 20s'));
    const leave = new AbortController();
    const call = fetch(stage.helios[0]!.mcp, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'x-agent': 'a' },
      body: JSON.stringify(toolCall('create_payment', { amount: 5 })),
      signal: leave.signal,
    }).then((answer) => answer.text());
    await expect.poll(tickets).toHaveLength(1);
    leave.abort();
    await expect(call).rejects.toThrow();
    await sleep(300);
    const [{ id, state }] = await tickets();
    expect(state).toBe('pending');
    await decide(id, 'approve');
    await sleep(700);
    expect(stage.upstream.calls()).toHaveLength(0);
    expect(await stage.reason('create_payment', { amount: 5 }, as('a'))).toBe('sent');
    expect(stage.upstream.calls()).toHaveLength(1);
  });
});

describe('a flood of questions', () => {
  it('stops at the cap of one principal, coalesces what is identical, and leaves others alone', async () => {
    stage = await setStage(held('max_pending: 5'));
    const many = await Promise.all(
      Array.from({ length: 60 }, (_, n) => stage.call('create_payment', { amount: n % 2 ? 1 : n }, as('flood'))),
    );
    expect(many.every((told) => told?.reason === 'approval_pending')).toBe(true);
    expect(many.some((told) => told?.['open_limit'] === 5)).toBe(true);
    expect(await tickets()).toHaveLength(5);
    expect(await stage.reason('create_payment', { amount: 7 }, as('other'))).toBe('approval_pending');
    expect(await tickets()).toHaveLength(6);
    expect(await stage.reason('echo', {}, as('flood'))).toBe('sent');
    // A decision makes room for one more.
    const mine = (await tickets()).find(({ principal }) => principal === 'agent:flood');
    await decide(mine.id, 'deny');
    await stage.call('create_payment', { amount: 999 }, as('flood'));
    expect((await tickets()).map(({ argumentsText }) => argumentsText).join()).toContain('999');
    expect(stage.upstream.calls()).toHaveLength(1);
  });
});

function operatorOf(dashboard: string): Stage['operator'] {
  return async (method, path) => {
    const answer = await fetch(new URL(path, dashboard), {
      method,
      headers: { authorization: `Bearer ${operatorSecret}` },
    });
    return answer.json();
  };
}
