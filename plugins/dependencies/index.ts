/** Action dependency chains: a call goes only after others have succeeded in this session. */
import { definePlugin, uuidv7, type Call, type CallContext, type Verdict } from '@gethelio/proxy/plugin';
import { grant } from '@gethelio/proxy/contracts/approvals';
import { lastSessions, session } from '@gethelio/proxy/contracts/identity';
import { matchedRules, policyRules, ruleField, type MatchedRule } from '@gethelio/proxy/contracts/policy';
import { commit, documents } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { completedSteps } from './contract.ts';
import { shortfall, type Shortfall } from './missing.ts';
import { compileRequires, requiresField, type Requires } from './requires.ts';
import { collection, keyPrefix, stepOf, stepOp, type Step } from './steps.ts';

export const dependencies = definePlugin({
  name: 'dependencies',
  apiVersion: 1,
  summary: 'Calls go only after the calls that they require.',
  config: z.strictObject({}).prefault({}),
  taps: ['evaluate', 'beforeForward'],
  needs: { commit, documents, rules: policyRules, sessions: lastSessions },
  provides: { steps: completedSteps },
  register({ needs, hooks, contribute, clock, onCheck }) {
    contribute(ruleField, {
      key: 'requires',
      summary: 'Tools that must have been called in this session before.',
      schema: requiresField,
      gate: true,
      alone: true,
      compile: (parsed: z.output<typeof requiresField>) => compileRequires(parsed),
    });

    // Only steps that some rule names are remembered.
    const named = new Set<string>();
    onCheck(() => {
      for (const { fields } of needs.rules.withField('requires'))
        for (const tool of (fields['requires'] as Requires).tools) named.add(tool);
    });

    const stepsOf = async (sessionId: string): Promise<readonly Step[]> =>
      (await needs.documents.list(collection, { prefix: keyPrefix(sessionId) })).map(stepOf);

    hooks.evaluate.tap({ stage: 'meter' }, (ctx) => {
      const rules = (ctx.facts.get(matchedRules) ?? []).filter(({ fields }) => fields['requires'] !== undefined);
      if (rules.length === 0) return undefined;
      const who = ctx.facts.get(session);
      return who === undefined ? rules.map(unresolved) : judge(ctx, rules, who.id);
    });

    async function judge(
      { call, facts, nowMs }: CallContext,
      rules: readonly MatchedRule[],
      sessionId: string,
    ): Promise<readonly Verdict[]> {
      const steps = await stepsOf(sessionId);
      const atMs = facts.get(grant)?.askedAtMs ?? nowMs; // what was recent when the person was asked still counts
      return rules.flatMap((rule) => {
        const short = shortfall(rule.fields['requires'] as Requires, steps, call.upstream, atMs);
        return short === undefined ? [] : [unmet(rule, short, call)];
      });
    }

    hooks.beforeForward.tap({ stage: 'reserve' }, ({ call, facts, nowMs }) => {
      const who = facts.get(session);
      const isNamed = named.has(call.name) || named.has(`${call.upstream}__${call.name}`);
      if (who === undefined || call.kind !== 'tool' || !isNamed) return undefined;
      return {
        ops: [],
        settle: ({ outcome, answer }) => {
          if (answer?.kind === 'input_required' || answer?.kind === 'task') return [];
          const status = outcome === 'forwarded' && answer?.isError === false ? 'success' : 'failure';
          return [
            stepOp(who.id, {
              tool: call.name,
              upstream: call.upstream,
              source: 'proxy',
              status,
              atMs: nowMs,
              order: uuidv7(clock.nowMs()),
            }),
          ];
        },
      };
    });

    return {
      steps: {
        async note({ session: sessionId, tool, status }) {
          const atMs = clock.nowMs();
          const step: Step = { tool, upstream: undefined, source: 'sdk', status, atMs, order: uuidv7(atMs) };
          const committed = await needs.commit.commit([stepOp(sessionId, step)]);
          if (!committed.ok) throw new Error('the state store refused the step');
        },
        of: async (sessionId) =>
          (await stepsOf(sessionId))
            .map(({ order: _, upstream, ...step }) => ({ ...step, upstream: upstream ?? null }))
            .sort((a, b) => b.atMs - a.atMs),
      },
    };
  },
});
export default dependencies;

function unmet(rule: MatchedRule, { missing, outOfOrder }: Shortfall, call: Call): Verdict {
  const list = missing.join(outOfOrder ? ', then ' : ', ');
  return {
    effect: 'deny',
    code: 'dependency_missing',
    reason: outOfOrder
      ? `${call.name} needs these calls in this order first: ${list}.`
      : `${call.name} needs these calls to have succeeded in this session first: ${list}.`,
    details: { missing_dependencies: missing, ...(outOfOrder && { out_of_order: true }) },
    suggestion: `Call ${list} first, then retry`,
    retry: { allowed: true },
    ...ruleOf(rule),
  };
}

function unresolved(rule: MatchedRule): Verdict {
  return {
    effect: 'deny',
    code: 'session_unresolved',
    reason: 'What a call requires is looked up in its session, and this call belongs to none that Helio knows.',
    suggestion: 'Connect with a session: send Mcp-Session-Id or x-helio-session-id with every call.',
    retry: { allowed: false },
    ...ruleOf(rule),
  };
}

const ruleOf = (rule: MatchedRule): Pick<Verdict, 'rule' | 'shadow'> => ({
  rule: { name: rule.name, line: rule.line },
  ...(rule.mode === 'shadow' && { shadow: true as const }),
});
