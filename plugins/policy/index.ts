/** The policy engine: rules that match a call combine, and the strictest outcome wins. */
import { counters, ledger } from '@gethelio/proxy/contracts/state';
import { auditField } from '@gethelio/proxy/contracts/audit';
import { lastSessions } from '@gethelio/proxy/contracts/identity';
import {
  banner,
  catalogueCheck,
  cliCommand,
  definePlugin,
  sumDecimals,
  type CallContext,
  type Json,
  type Verdict,
} from '@gethelio/proxy/plugin';
import {
  flaggedDestructive,
  matchedRules,
  policyLanguage,
  policyRules,
  policySetting,
  policyTrace,
  ruleAction,
  ruleCondition,
  ruleField,
  sessionContext,
  type PolicyRules,
} from './contract.ts';
import { compileComparison } from './comparison.ts';
import { explainCommand } from './cli.ts';
import { explainRoute, policiesRoute } from './explain.ts';
import { compileGlob } from './glob.ts';
import { hideDenied } from './hide.ts';
import { isUncallable, judge, type Judgement } from './judge.ts';
import { withAdvice } from './change.ts';
import { gatherWords } from './language.ts';
import { lintAgainstTools, lintPolicy } from './lint.ts';
import { compilePath } from './path.ts';
import { compilePolicy, type CompiledPolicy } from './policy.ts';
import { describeSection, looseSection, readSection } from './section.ts';
import { traceOf } from './trace.ts';
import { invalidAmount, trackerOps } from './trackers.ts';
import { trustOf } from './trust.ts';
import { checkWords } from './words.ts';
import { viewsOf } from './views.ts';

export const policy = definePlugin({
  name: 'policy',
  apiVersion: 1,
  summary: 'Judges every call by the rules under policies.',
  section: 'policies',
  config: looseSection,
  taps: ['evaluate', 'beforeForward', 'afterResponse'],
  wants: { counters, ledger, lastSessions },
  owns: { ruleAction, ruleField, ruleCondition, policySetting, sessionContext },
  provides: { policyRules, policyLanguage },
  register(api) {
    const { hooks, kernel } = api;
    let policy: CompiledPolicy | undefined;
    const compiled = (): CompiledPolicy => {
      if (!policy) throw new Error('the policy is complete from onStart on');
      return policy;
    };

    api.onCheck(() => {
      const words = gatherWords(
        {
          actions: api.collect('ruleAction'),
          fields: api.collect('ruleField'),
          conditions: api.collect('ruleCondition'),
        },
        (kind, word) =>
          api.report({
            code: 'HELIO_POLICY_WORD_TWICE',
            path: api.configPath,
            message: `two plugins bring the ${kind} "${word}"`,
            fix: 'leave one of them out of plugins:',
          }),
      );
      const settings = api.collect('policySetting');
      const section = readSection(api.config, api.configPath, settings, api);
      policy = compilePolicy(section, api.configPath, {
        ...words,
        environment: api.environment,
        counters: api.wants.counters,
        ledger: api.wants.ledger,
        sessions: api.collect('sessionContext')[0],
        report: (problem) => api.report(problem),
        check: (schema, value, path) => api.check(schema, value, path),
        lineOf: (path) => api.locate(path)?.line ?? 0,
      });
      checkWords(policy, words, api);
      for (const warning of lintPolicy(policy, api.configPath)) api.report(warning);
      api.describe(describeSection(words, settings));
    });

    // The main path: judge, leave what others need, speak.
    hooks.evaluate.tap({ stage: 'judge' }, (ctx) => {
      const judged = judge(compiled(), ctx);
      return judged instanceof Promise ? judged.then((done) => speak(ctx, done)) : speak(ctx, judged);
    });

    function speak(ctx: CallContext, judgement: Judgement): readonly Verdict[] {
      const { facts } = ctx;
      const all = compiled();
      facts.set(matchedRules, judgement.matched);
      facts.set(policyTrace, () => traceOf(all, ctx, judgement) as unknown as Json);
      if (judgement.flagged) facts.set(flaggedDestructive, all.flagDestructive);
      const unreadable = all.trackers.length === 0 ? undefined : invalidAmount(all.trackers, ctx.call);
      const advised = withAdvice(all, ctx, judgement);
      const verdicts = unreadable ? [...advised, unreadable] : advised;
      return all.hideDenied && isUncallable(all, ctx) ? verdicts.map(hidden) : verdicts;
    }

    // What `state` conditions ask about is counted without a limit: they look, they do not refuse.
    hooks.beforeForward.tap({ stage: 'reserve' }, ({ call, facts, nowMs }) => {
      const { trackers } = compiled();
      if (trackers.length === 0) return;
      const ops = trackerOps(trackers, call, facts, nowMs, sumDecimals);
      if (ops.length === 0) return;
      return {
        ops,
        settle: ({ acted }) =>
          acted
            ? undefined
            : ops.flatMap((op) =>
                op.op === 'take' ? [{ op: 'giveBack', bucket: op.bucket, entry: op.entry } as const] : [],
              ),
      };
    });

    hooks.afterResponse.tap({ stage: 'redact' }, (answer, ctx) => {
      if (!compiled().hideDenied) return;
      return hideDenied(compiled(), answer, ctx, trustOf(kernel.configuration().sections, ctx.call.upstream));
    });

    api.contribute(banner, {
      order: 20,
      label: 'policy',
      text: () => bannerText(compiled()),
    });
    api.contribute(banner, {
      order: 20,
      label: '',
      to: 'everywhere',
      text: () => bannerNote(compiled(), api.config.default === undefined),
    });

    api.contribute(auditField, {
      key: 'flags',
      value: ({ facts }) => (facts.get(flaggedDestructive) ? ['destructive'] : undefined),
    });

    const rules: PolicyRules = {
      get rules() {
        return viewsOf(
          compiled(),
          api.configPath,
          () => kernel.configuration().text,
          (path) => api.locate(path),
        );
      },
      get default() {
        return compiled().default;
      },
      withField: (key) =>
        compiled()
          .rules.map(({ view }) => view)
          .filter(({ fields }) => Object.hasOwn(fields, key)),
      againstTools: (tools) => lintAgainstTools(compiled(), api.configPath, tools),
      about: ({ call }) =>
        compiled()
          .index.about(call)
          .map(({ view }) => view),
    };
    api.routes(explainRoute(kernel), { prefix: '/api/explain' });
    api.routes(policiesRoute(rules, kernel), { prefix: '/api/policies' });
    api.contribute(cliCommand, explainCommand(kernel));
    api.contribute(catalogueCheck, rules.againstTools);

    return {
      policyRules: rules,
      policyLanguage: {
        glob: (pattern, options) => compileGlob(pattern, options).test,
        path: compilePath,
        comparison: (written, report) => compileComparison(written, report),
      },
    };
  },
});
export default policy;

/** A tool that is hidden from this caller does not exist for him. */
function hidden(verdict: Verdict): Verdict {
  return verdict.effect === 'deny' && !verdict.shadow ? { ...verdict, as: 'unknown_tool' } : verdict;
}

function bannerText({ rules, default: otherwise }: CompiledPolicy): string {
  const count = rules.length === 0 ? 'no rules' : `${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}`;
  return `${count}, default ${otherwise}`;
}

/** What nobody may overlook: that nothing is blocked, or that what no rule names is. */
function bannerNote({ rules, default: otherwise }: CompiledPolicy, isImplicit: boolean): string | undefined {
  if (rules.length === 0 && otherwise === 'allow') return 'policies has no rules and default allow: nothing is blocked';
  return isImplicit ? 'policies.default is not written: what no rule allows is denied' : undefined;
}
