/** Pots that ask a person when a call does not fit, and people who look at pots and adjust them, on the built product. */
import { execFile } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../../scripts/helio-process.mjs';
import { operatorSecret, setStage, type Stage } from '../fixtures/stage.ts';

const yaml = `plugins: [policy, identity, state-sqlite, operator, budgets, approvals, approvals-dashboard, audit, feedback]
policies: { default: allow }
approval: { deny_memory: 1s }
budgets:
  - { name: day, limit: 100, currency: GBP, window: day, on_exceed: require_approval, contributors: [{ tool: create_payment, field: '$.amount' }] }
  - { name: payouts, limit: 50, currency: GBP, window: 7d, on_exceed: require_approval, contributors: [{ tool: 'create_*', field: '$.amount' }] }
  - { name: ceiling, limit: 1000, window: month, contributors: [{ tool: '*', cost: 1 }, { tool: create_payment, field: '$.amount' }] }
  - { name: fees, limit: 5, window: day, on_exceed: require_approval, contributors: [{ tool: create_payment, cost: '0.25' }] }
`;
let stage: Stage;
beforeEach(async () => {
  stage = await setStage(yaml);
});
afterEach(() => stage.stop());

const pay = (amount: number) => stage.call('create_payment', { amount });
const used = async () => {
  const { budgets } = await stage.operator('GET', '/api/budgets');
  return Object.fromEntries(budgets.map((pot: any) => [pot.name, pot.keys[0].used]));
};
const pending = async (): Promise<any[]> => (await stage.operator('GET', '/api/approvals?status=pending')).tickets;
const oneTicket = async (): Promise<any> => {
  await expect.poll(async () => (await pending()).length, { timeout: 10_000 }).toBe(1);
  return (await pending())[0];
};

describe('a call that fits into none of several pots', () => {
  beforeEach(async () => {
    expect(await pay(40)).toBeUndefined();
  });

  it('asks once, lists every pot that it would pass, and a yes charges them all', async () => {
    const held = pay(70);
    const ticket = await oneTicket();
    const whole = JSON.stringify(await stage.operator('GET', `/api/approvals/${ticket.id}`));
    for (const words of [
      'Budget \\"day\\" allows 100 GBP',
      'Budget \\"payouts\\" allows 50 GBP',
      '60 GBP are left',
      '10 GBP are left',
    ])
      expect(whole).toContain(words);
    expect(whole).not.toContain('Budget \\"fees\\"');
    expect(stage.upstream.calls()).toHaveLength(1);
    expect(await used()).toEqual({ day: '40', payouts: '40', ceiling: '1', fees: '0.25' });

    await stage.operator('POST', `/api/approvals/${ticket.id}/approve`, {});
    expect(await held).toBeUndefined();
    expect(stage.upstream.calls()).toHaveLength(2);
    expect(await used()).toEqual({ day: '110', payouts: '110', ceiling: '2', fees: '0.5' });

    const { rows } = await stage.operator('GET', '/api/audit?q=tool:create_payment');
    const row = JSON.stringify(await stage.operator('GET', `/api/audit/${rows[0].id}`));
    expect(row).toContain('over_limit_by_approval');
    expect(row).toContain('operator');
  });

  it('is not sent and charges nothing when a person says no', async () => {
    const held = pay(70);
    await stage.operator('POST', `/api/approvals/${(await oneTicket()).id}/deny`, { reason: 'too much for one day' });
    const told = await held;
    expect(told).toMatchObject({ reason: 'approval_denied', blocked: true, retry_allowed: false });
    expect(told!['message']).toContain('too much for one day');
    expect(stage.upstream.calls()).toHaveLength(1);
    expect(await used()).toEqual({ day: '40', payouts: '40', ceiling: '1', fees: '0.25' });
  });

  it('asks again for the next one: a yes is for one call', async () => {
    const held = pay(70);
    await stage.operator('POST', `/api/approvals/${(await oneTicket()).id}/approve`, {});
    await held;
    const next = pay(0.01);
    await stage.operator('POST', `/api/approvals/${(await oneTicket()).id}/deny`, {});
    expect(await next).toMatchObject({ reason: 'approval_denied' });
    expect(await used()).toMatchObject({ day: '110', payouts: '110' });
  });

  it('asks nobody where a pot that only refuses is passed as well', async () => {
    await helio('budgets', 'adjust', 'ceiling', '--by=999', '--reason', 'the year is over');
    expect(await pay(70)).toMatchObject({ reason: 'budget_exceeded', budget: 'ceiling' });
    expect(await pending()).toEqual([]);
    expect(stage.upstream.calls()).toHaveLength(1);
  });
});

/** The command as a person runs it, beside helio.yaml. */
const helio = (...args: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const env = {
      PATH: process.env['PATH'],
      HOME: stage.folder,
      NO_COLOR: '1',
      COLUMNS: '120',
      HELIO_DASHBOARD_SECRET: operatorSecret,
    };
    execFile(process.execPath, [cli, ...args], { cwd: stage.folder, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

describe('helio budgets', () => {
  it('lists the pots with what is used', async () => {
    await pay(40);
    const { code, out } = await helio('budgets', 'list');
    expect(code).toBe(0);
    expect(out).toContain('day: 100 GBP per day, by global');
    expect(out).toContain('[####......] 40 of 100 GBP');
    expect(out).toContain('payouts: 50 GBP per 7d');
    expect(JSON.parse((await helio('budgets', 'list', '--json')).out).budgets).toHaveLength(4);
  });

  it('adjusts a pot, and ledger and audit keep who and why', async () => {
    await pay(40);
    const adjusted = await helio('budgets', 'adjust', 'payouts', '--by=-15.5', '--reason', 'refunded by phone');
    expect(adjusted).toMatchObject({ code: 0, out: '24.5 of 50 used, 25.5 left\n' });
    expect(await pay(25.5)).toBeUndefined();

    const { out } = await helio('budgets', 'show', 'payouts');
    expect(out).toContain('50 of 50 GBP');
    expect(out).toMatch(/-15\.5 {2}adjusted by \S+.*: refunded by phone/);
    expect(out).toMatch(/40 {2}create_payment/);

    const { rows } = await stage.operator('GET', '/api/audit?q=kind:budget_adjusted');
    expect(rows).toHaveLength(1);
    expect(await stage.operator('GET', `/api/audit/${rows[0].id}`)).toMatchObject({
      data: {
        budget: 'payouts',
        amount: '-15.5',
        reason: 'refunded by phone',
        by: expect.stringMatching(/./),
        used: '24.5',
      },
    });
  });

  it('ends with a sentence and a code when it is asked for what cannot be, and changes nothing', async () => {
    for (const [args, code] of [
      [['adjust', 'day', '--by=-5'], 2],
      [['adjust', 'day', '--by=a lot', '--reason', 'why not'], 2],
      [['show'], 2],
      [['show', 'nothing'], 1],
    ] as const) {
      const ended = await helio('budgets', ...args);
      expect([args, ended.code]).toEqual([args, code]);
      expect(ended.out + ended.err).toMatch(/\w+ \w+/);
      expect(ended.out + ended.err).not.toMatch(/\n\s+at /);
    }
    expect(await used()).toEqual({ day: '0', payouts: '0', ceiling: '0', fees: '0' });
  });
});
