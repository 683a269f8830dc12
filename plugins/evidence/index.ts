/** Evidence grounding: a call goes only when what it claims has been looked up, in this session, recently, about this very thing. */
import {
  defineFact,
  definePlugin,
  duration,
  type Answer,
  type Call,
  type CallContext,
  type Json,
  type JsonObject,
  type StoreOp,
  type Verdict,
} from '@gethelio/proxy/plugin';
import { askedAt, grant } from '@gethelio/proxy/contracts/approvals';
import { auditField, redact } from '@gethelio/proxy/contracts/audit';
import { lastSessions, session } from '@gethelio/proxy/contracts/identity';
import {
  matchedRules,
  policyLanguage,
  policyRules,
  ruleField,
  type CompiledPath,
  type MatchedRule,
} from '@gethelio/proxy/contracts/policy';
import { commit, documents, type StoredDocument } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { evidenceBook, evidenceChain } from './contract.ts';
import {
  collection,
  contentOf,
  entryOf,
  entryOps,
  jsonOf,
  keyPrefix,
  siblingKeys,
  valuesAt,
  viewOf,
  withoutRedacted,
  type Entry,
} from './entry.ts';
import { meet } from './meet.ts';
import { compileEvidence, evidenceField, type Requirement } from './requirement.ts';
import { unmetVerdict, unresolved, type Unmet } from './unmet.ts';

export const evidenceConfig = z
  .strictObject({
    ttl: duration().prefault('300s').describe('How long evidence counts, unless the entry or the rule says otherwise.'),
    from_calls: z
      .boolean()
      .default(true)
      .describe("A successful call of a tool through Helio is evidence under the tool's name."),
  })
  .prefault({});

/** What single-use requirements chose: beforeForward takes it. */
const chosen = defineFact<readonly StoredDocument[]>('evidence.chosen');

export const evidence = definePlugin({
  name: 'evidence',
  apiVersion: 1,
  summary: 'Calls go only on evidence: tools that succeeded, values that were looked up.',
  config: evidenceConfig,
  taps: ['evaluate', 'beforeForward'],
  needs: { commit, documents, language: policyLanguage, rules: policyRules, sessions: lastSessions },
  wants: { redact },
  provides: { book: evidenceBook },
  register(api) {
    const { config, needs, wants, hooks, contribute, clock } = api;
    contribute(ruleField, {
      key: 'evidence',
      summary: 'What must be known in this session before the call may go.',
      schema: evidenceField,
      gate: true,
      alone: true,
      compile: (parsed: z.output<typeof evidenceField>, context) =>
        compileEvidence(parsed, context, needs.language, wants.redact),
    });
    contribute(auditField, { key: 'evidence', value: ({ facts }) => facts.get(evidenceChain) as Json | undefined });

    // What rules ask for, by word: only these calls leave evidence, and only these values of them are kept.
    const asked = new Map<string, { paths: CompiledPath[]; keepMs: number }>();
    api.onCheck(() => {
      for (const { fields } of needs.rules.withField('evidence')) {
        for (const { name, where, maxAgeMs } of fields['evidence'] as readonly Requirement[]) {
          const word = asked.get(name) ?? { paths: [], keepMs: 0 };
          const paths = where
            .map(({ path }) => path)
            .filter((path) => !word.paths.some(({ text }) => text === path.text));
          asked.set(name, { paths: [...word.paths, ...paths], keepMs: Math.max(word.keepMs, maxAgeMs ?? 0) });
        }
      }
    });

    hooks.evaluate.tap({ stage: 'meter' }, (ctx) => {
      const rules = (ctx.facts.get(matchedRules) ?? []).filter(({ fields }) => fields['evidence'] !== undefined);
      if (rules.length === 0) return undefined; // most calls: no promise, no store
      const who = ctx.facts.get(session);
      if (who === undefined) return rules.map((rule) => unresolved(rule));
      return judge(ctx, rules, who.id);
    });

    async function judge(
      ctx: CallContext,
      rules: readonly MatchedRule[],
      sessionId: string,
    ): Promise<readonly Verdict[]> {
      const { call, facts } = ctx;
      const nowMs = facts.get(grant)?.askedAtMs ?? facts.get(askedAt) ?? ctx.nowMs; // what was fresh when the person was asked still counts
      const verdicts: Verdict[] = [];
      const chain: JsonObject[] = [];
      const taken: StoredDocument[] = [];
      for (const rule of rules) {
        const unmet: Unmet[] = [];
        for (const requirement of rule.fields['evidence'] as readonly Requirement[]) {
          const entries = await needs.documents.list(collection, { prefix: keyPrefix(sessionId, requirement.name) });
          const met = meet(requirement, entries, call, nowMs);
          if (met.kind !== 'met') {
            unmet.push({ requirement, met });
            continue;
          }
          const { source, upstream, atMs } = met.entry;
          chain.push({
            rule: rule.name,
            name: requirement.name,
            source,
            upstream: upstream ?? null,
            at: new Date(atMs).toISOString(),
            single_use: requirement.singleUse,
          });
          const isNew = !taken.some(({ key }) => key === met.document.key);
          if (requirement.singleUse && rule.mode === 'enforce' && isNew) taken.push(met.document);
        }
        if (unmet.length > 0) verdicts.push(await unmetVerdict(rule, unmet, call, api.kernel));
      }
      if (chain.length > 0) facts.set(evidenceChain, chain);
      if (taken.length > 0) facts.set(chosen, taken);
      return verdicts;
    }

    hooks.beforeForward.tap({ stage: 'reserve' }, ({ call, facts, nowMs }) => {
      const who = facts.get(session);
      const taken = facts.get(chosen) ?? [];
      const words = who === undefined || !config.from_calls || call.kind !== 'tool' ? [] : wordsOf(call);
      if (taken.length === 0 && words.length === 0) return undefined;
      const releaseOnError = (facts.get(matchedRules) ?? []).some(
        (rule) => rule.releaseOnError && rule.fields['evidence'] !== undefined,
      );
      return {
        ops: taken.flatMap(takeOps),
        refused: () => ({
          effect: 'deny' as const,
          code: 'evidence_missing',
          reason: 'Another call has just used up the evidence that this one needs.',
          suggestion: 'Look it up again, then retry.',
          retry: { allowed: true },
        }),
        settle: ({ acted, outcome, answer }) => {
          const giveBack = !acted || (releaseOnError && answer?.isError === true);
          const back = giveBack ? taken.flatMap(putOps) : [];
          const isEvidence = outcome === 'forwarded' && answer?.kind === 'result' && !answer.isError;
          return isEvidence ? [...back, ...witnessed(who!.id, call, answer, words, nowMs)] : back;
        },
      };
    });

    /** Words under which a call of this tool would be evidence: its name, bare and with its upstream. */
    const wordsOf = ({ name, upstream }: Call): string[] =>
      [name, `${upstream}__${name}`].filter((word) => asked.has(word));

    function witnessed(
      sessionId: string,
      call: Call,
      answer: Answer,
      words: readonly string[],
      nowMs: number,
    ): StoreOp[] {
      if (words.length === 0) return [];
      const content = withoutRedacted(contentOf(answer), wants.redact, ['/answer/structuredContent', '/evidence']);
      const atMs = Math.max(nowMs, clock.nowMs());
      return words.flatMap((word) => {
        const { paths, keepMs } = asked.get(word)!;
        const entry: Entry = {
          words: [word],
          source: 'proxy',
          upstream: call.upstream,
          atMs,
          ttlMs: config.ttl,
          values: valuesAt(content, paths),
        };
        return entryOps(sessionId, entry, keepMs);
      });
    }

    return {
      book: {
        async mark({ session: sessionId, name, key, dataText, ttlMs = config.ttl }) {
          const words = key === undefined || key === name ? [name] : [name, key];
          const known = words.flatMap((word) => asked.get(word) ?? []);
          const paths = known.flatMap((word) => word.paths);
          const said = dataText === undefined ? undefined : jsonOf(dataText);
          const content = withoutRedacted(said, wants.redact, ['/evidence']);
          const entry: Entry = {
            words,
            source: 'sdk',
            upstream: undefined,
            atMs: clock.nowMs(),
            ttlMs,
            values: valuesAt(content, paths),
          };
          const committed = await needs.commit.commit(
            entryOps(sessionId, entry, Math.max(0, ...known.map((word) => word.keepMs))),
          );
          if (!committed.ok) throw new Error('the state store refused the evidence');
          return viewOf(entry);
        },
        async of(sessionId) {
          const all = await needs.documents.list(collection, { prefix: keyPrefix(sessionId) });
          const seen = new Set<string>();
          return all
            .filter(({ key, value }) => {
              const first = siblingKeys(key, entryOf({ value } as StoredDocument))[0]!;
              return !seen.has(first) && seen.add(first) !== undefined;
            })
            .map((document) => viewOf(entryOf(document)))
            .filter(({ expiresAtMs }) => expiresAtMs > clock.nowMs())
            .sort((a, b) => b.atMs - a.atMs);
        },
      },
    };
  },
});
export default evidence;

/** Takes an entry under all its words; the one that was chosen must still be there. */
function takeOps(document: StoredDocument): StoreOp[] {
  return siblingKeys(document.key, entryOf(document)).map((key) => ({
    op: 'remove',
    collection,
    key,
    mustExist: key === document.key,
  }));
}

function putOps(document: StoredDocument): StoreOp[] {
  const { expiresAtMs, value } = document;
  return siblingKeys(document.key, entryOf(document)).map((key) => ({
    op: 'put',
    collection,
    key,
    value,
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  }));
}
