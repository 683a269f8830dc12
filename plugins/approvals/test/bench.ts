/** Approvals in the real wiring, with a policy, an operator and a channel of the test's own. */
import { z } from 'zod';
import { definePlugin, type CallContext, type JsonObject } from '@gethelio/proxy/plugin';
import { approvalChannel, approvalDesk, type ApprovalDesk, type Ticket } from '@gethelio/proxy/contracts/approvals';
import { agent, principal, session } from '@gethelio/proxy/contracts/identity';
import { operatorAccess } from '@gethelio/proxy/contracts/operator';
import { matchedRules, type MatchedRule } from '@gethelio/proxy/contracts/policy';
import { testPlugin, type PluginTest, type TestOptions } from '@gethelio/proxy/testing';
import { approvals } from '../index.ts';
import { fieldSchema } from '../config.ts';

export interface Bench extends PluginTest {
  readonly desk: ApprovalDesk;
  readonly shown: { readonly event: string; readonly ticket: Ticket }[];
  readonly updated: Ticket[];
  /** The rules that match every call from now on; none: everything is allowed. */
  rules: readonly { readonly name: string; readonly identity?: string; readonly approval?: JsonObject }[];
  /** More verdicts for every call. */
  more: readonly { effect: 'hold' | 'deny'; code: string; reason: string; rule?: { name: string; line: number } }[];
  breakChannel: string | undefined;
  /** The only pending ticket, once there is one. */
  pending(count?: number): Promise<Ticket>;
  approve(ticket: Ticket, approver?: string): ReturnType<ApprovalDesk['decide']>;
  deny(ticket: Ticket, reason?: string): ReturnType<ApprovalDesk['decide']>;
}

export async function bench(options: TestOptions = {}): Promise<Bench> {
  let desk: ApprovalDesk | undefined;
  const shown: Bench['shown'] = [];
  const updated: Ticket[] = [];
  const state = {
    rules: [{ name: 'pay' }] as Bench['rules'],
    more: [] as Bench['more'],
    breakChannel: undefined as string | undefined,
  };

  const testPolicy = definePlugin({
    name: 'policy',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    taps: ['onRequest', 'evaluate'],
    register({ hooks }) {
      hooks.onRequest.tap({ stage: 'identify' }, ({ call, facts }) => {
        const who = call.arrival.header('x-helio-agent');
        if (who !== undefined) facts.set(agent, { id: who, source: 'test' });
        if (call.arrival.mcpSession !== undefined)
          facts.set(session, { id: call.arrival.mcpSession, source: 'mcp-session-id' });
        facts.set(principal, who ?? call.arrival.mcpSession ?? 'anonymous');
      });
      hooks.evaluate.tap({ stage: 'judge' }, ({ facts }: CallContext) => {
        const rules = state.rules.map(({ name, identity, approval }, index): MatchedRule => ({
          name,
          line: index + 1,
          index,
          action: 'require_approval',
          tags: [],
          mode: 'enforce',
          identity: identity ?? name,
          fields: approval ? { approval: fieldSchema.parse(approval) } : {},
        }));
        facts.set(matchedRules, rules);
        const verdicts = rules.map(({ name, line }) => ({
          effect: 'hold' as const,
          code: 'approval_required',
          reason: `The rule "${name}" wants a person's approval.`,
          rule: { name, line },
        }));
        const all = [...verdicts, ...state.more];
        return all.length > 0 ? all : { effect: 'allow' as const, code: 'allowed', reason: 'Allowed.' };
      });
    },
  });
  const testOperator = definePlugin({
    name: 'operator',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    provides: { operatorAccess },
    register: () => ({
      operatorAccess: {
        who: () => ({ name: 'olga', how: 'bearer' as const }),
        secret: 'configured' as const,
        names: ['olga', 'pete'],
        url: () => 'http://127.0.0.1:3100',
      },
    }),
  });
  const testChannel = definePlugin({
    name: 'approvals-test',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    needs: { approvalDesk },
    register({ needs, contribute }) {
      desk = needs.approvalDesk;
      const channel = (people: readonly string[]) => ({
        people,
        async show(ticket: Ticket, event: string) {
          if (state.breakChannel !== undefined) throw new Error(state.breakChannel);
          shown.push({ event, ticket });
          return { message: shown.length };
        },
        async update(ticket: Ticket) {
          updated.push(ticket);
        },
      });
      contribute(approvalChannel, {
        type: 'people',
        schema: z.strictObject({ who: z.array(z.string()).default(['alice', 'bob']) }),
        open: ({ who }: { who: string[] }) => channel(who),
      });
    },
  });

  const test = await testPlugin(approvals, {
    ...options,
    config: {
      channels: [
        { type: 'people', name: 'ops' },
        { type: 'people', name: 'boss', who: ['zoe'] },
      ],
      channel: 'ops',
      wait: '5s',
      ...options.config,
    },
    plugins: [testPolicy, testOperator, testChannel, ...(options.plugins ?? [])],
  });
  return Object.assign(state, test, {
    desk: desk!,
    shown,
    updated,
    async pending(count = 1) {
      const found = await until(async () => {
        const { tickets } = await desk!.list({ status: 'pending', limit: 100 });
        return tickets.length === count ? tickets : undefined;
      });
      return found[0]!;
    },
    approve: (ticket: Ticket, approver = 'alice') =>
      desk!.decide({ ticket: ticket.id, channel: 'ops', decision: 'approve', approver }),
    deny: (ticket: Ticket, note?: string) =>
      desk!.decide({ ticket: ticket.id, channel: 'ops', decision: 'deny', approver: 'alice', ...(note && { note }) }),
  }) as Bench;
}

/** Waits, bounded, until a look finds something. */
export async function until<T>(look: () => Promise<T | undefined> | T | undefined, forMs = 10_000): Promise<T> {
  const endMs = performance.now() + forMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
