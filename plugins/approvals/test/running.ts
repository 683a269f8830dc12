/** A channel plugin beside the real approvals, operator and REST plugins; a policy of the test's own holds every call. */
import { z } from 'zod';
import { definePlugin, type JsonObject, type PluginDefinition } from '@gethelio/proxy/plugin';
import { matchedRules } from '@gethelio/proxy/contracts/policy';
import { testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import { fieldSchema } from '../config.ts';
import { until } from './bench.ts';

export const operatorSecret = 'operator-secret-that-is-long-enough-01';

export interface Running extends PluginTest {
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>;
  /** The `approval` of the rule that holds everything. */
  setTerms(approval: JsonObject): void;
  readonly until: typeof until;
}

export async function startApprovals(
  channelPlugin: PluginDefinition<any, any, any, any, any, any>,
  yaml: { readonly channels: string; readonly approval: string },
): Promise<Running> {
  let terms: JsonObject = {};
  const holdAll = definePlugin({
    name: 'policy',
    apiVersion: 1,
    config: z.strictObject({}).default({}),
    taps: ['evaluate'],
    register({ hooks }) {
      hooks.evaluate.tap({ stage: 'judge' }, ({ facts }) => {
        const fields = { approval: fieldSchema.parse(terms) };
        const rule = { name: 'held', line: 3 };
        const match = {
          ...rule,
          index: 0,
          action: 'require_approval',
          tags: [],
          mode: 'enforce' as const,
          identity: 'held',
          fields,
        };
        facts.set(matchedRules, [match]);
        return { effect: 'hold', code: 'approval_required', reason: 'Everything is held.', rule };
      });
    },
  });
  const t = await testPlugin(channelPlugin, {
    with: ['approvals', 'approvals-dashboard', 'operator'],
    plugins: [holdAll],
    nowMs: Date.now(),
    yaml: [
      `dashboard: { port: 0, api_secret: '${operatorSecret}' }`,
      `approval: { ${yaml.approval}, channels: [${yaml.channels}] }`,
    ].join('\n'),
  });
  return Object.assign(t, {
    until,
    setTerms(approval: JsonObject) {
      terms = approval;
    },
    async api(method: string, path: string, body?: unknown) {
      const answer = await fetch(`${t.url('dashboard')}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${operatorSecret}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json() };
    },
  });
}
