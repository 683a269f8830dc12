import { describe, expect, it } from 'vitest';
import { testPlugin, type PluginTest } from '@gethelio/proxy/testing';
import { policyTrace } from '@gethelio/proxy/contracts/policy';
import { policy } from '../index.ts';
import type { PolicyTrace } from '../trace.ts';
import { groups, type Group, type Row } from './cases.ts';
import { words } from './words.ts';

function start(group: Group): Promise<PluginTest> {
  return testPlugin(policy, {
    with: ['identity'],
    plugins: [words],
    yaml: `${group.more ?? ''}\npolicies: ${group.policies}`,
    ...(group.now && { nowMs: Date.parse(group.now) }),
  });
}

const titleOf = ([call, effect, , why]: Row) =>
  `${effect}s ${call.kind ?? 'tool'} ${JSON.stringify(call.name)} ${call.argumentsText ?? JSON.stringify(call.arguments ?? {})}${why ? `: ${why}` : ''}`;

it('holds at least three hundred cases', () => {
  expect(groups.flatMap(({ rows }) => rows).length).toBeGreaterThanOrEqual(300);
});

describe.each(groups.map((group) => [group.about, group] as const))('%s', (_, group) => {
  it(`decides ${group.rows.length} calls, and explain agrees`, async () => {
    const test = await start(group);
    try {
      for (const row of group.rows) {
        const [call, effect, code] = row;
        const told = await test.call(call);
        // Nobody lifts a hold here, and a hold that nobody lifts is a refusal.
        const inTheEnd = effect === 'hold' ? ['deny', 'approval_denied'] : [effect, code];
        expect([told.effect, told.code], titleOf(row)).toEqual(inTheEnd);
        const sent = test.upstream.received.length;
        expect(told.outcome === 'forwarded', titleOf(row)).toBe(effect === 'allow');

        const { session, headers, kind, name } = call;
        const explained = await test.explain({
          name,
          ...(kind && { kind }),
          ...(session && { session }),
          ...(headers && { headers }),
          argumentsText: call.argumentsText ?? JSON.stringify(call.arguments ?? {}),
        });
        expect(explained.decision.effect, titleOf(row)).toBe(effect);
        expect(explained.decision.verdicts.find(({ shadow }) => !shadow)!.code).toBe(code);
        expect(test.upstream.received.length).toBe(sent);
        const trace = explained.facts.get(policyTrace)!() as unknown as PolicyTrace;
        for (const tried of trace.tried)
          expect(tried.why.length, `${tried.rule} says why`).toBeGreaterThanOrEqual(
            tried.rule.startsWith('rule') ? 0 : 1,
          );
        for (const verdict of explained.decision.verdicts) {
          if (verdict.rule === undefined) continue;
          const traced = trace.tried.find(({ rule }) => rule === verdict.rule!.name)!;
          expect(traced.result).toMatch(/^matched/);
        }
      }
    } finally {
      await test.stop();
    }
  });
});
