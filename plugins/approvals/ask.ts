/** Reads from a held decision who asks for an approval, on what terms, and what a yes would be bound to. */
import type { Facts, ForwardContext, Json, JsonObject, Verdict } from '@gethelio/proxy/plugin';
import type { Redact } from '@gethelio/proxy/contracts/audit';
import { principal, session, agent } from '@gethelio/proxy/contracts/identity';
import { matchedRules, type MatchedRule } from '@gethelio/proxy/contracts/policy';
import type { Asker, Scope } from './contract.ts';
import type { Field } from './config.ts';
import { definitionHash, fingerprint, sessionSubjectOf, sha256, subjectOf, ticketDigest } from './digest.ts';
import { shownOf } from './redacted.ts';

/** What a rule without an `approval` of its own gets. */
export interface Terms {
  /** `audit.redact`, where the plugin audit is loaded. */
  readonly redact?: Redact | undefined;
  readonly channels: readonly string[];
  readonly timeoutMs: number;
}

export interface Ask {
  readonly principal: string;
  readonly agent: string | undefined;
  readonly session: string | undefined;
  readonly subject: string;
  readonly sessionSubject: string | undefined;
  readonly definition: string;
  readonly digest: string;
  readonly argumentsHash: string;
  /** What may be shown of them. */
  readonly arguments: Json;
  readonly askers: readonly Asker[];
  readonly identities: readonly string[];
  readonly channels: readonly string[];
  readonly delegates: readonly string[];
  readonly timeoutMs: number;
  readonly escalationAfterMs: number | undefined;
  readonly quorum: number;
  readonly approvers: readonly string[] | undefined;
  readonly scopes: readonly Scope[];
}

/** One call, one ticket: the strictest of all the rules that ask. */
export function readAsk(
  ctx: Pick<ForwardContext, 'call' | 'facts' | 'decision' | 'tool'>,
  terms: Terms,
  key: Uint8Array,
): Ask {
  const { call, facts } = ctx;
  const rules = askingRules(facts);
  const shown = shownOf(call, [...rules.map(askerOfRule), ...otherAskers(ctx, rules)], terms.redact);
  const { askers } = shown;
  const fields = rules.map((rule) => rule.fields['approval'] as Field | undefined);
  const all = rules.length === askers.length ? fields : [...fields, undefined];
  const who = facts.get(principal) ?? 'anonymous';
  const sessionId = facts.get(session)?.id;
  const subject = subjectOf(key, who, call);
  const definition = definitionHash(ctx.tool);
  const identities = [...new Set(askers.map(({ identity }) => identity))].sort();
  const escalations = fields.flatMap((field) => field?.escalation_after ?? []);
  const scopes = fields.reduce<readonly Scope[]>(
    (left, field) => left.filter((scope) => (field?.scopes ?? ['once']).includes(scope)),
    rules.length > 0 && rules.length === askers.length && sessionId !== undefined ? ['once', 'session'] : ['once'],
  );
  return {
    principal: who,
    agent: facts.get(agent)?.id,
    session: sessionId,
    subject,
    sessionSubject: sessionId === undefined ? undefined : sessionSubjectOf(who, sessionId, call),
    definition,
    digest: ticketDigest(subject, definition, identities),
    argumentsHash: fingerprint(key, call.digest()),
    arguments: shown.arguments,
    askers,
    identities,
    channels: [...new Set(all.flatMap((field) => field?.channel ?? terms.channels))],
    delegates: [...new Set(fields.flatMap((field) => field?.delegates ?? []))],
    timeoutMs: Math.min(...all.map((field) => field?.timeout ?? terms.timeoutMs)),
    escalationAfterMs: escalations.length > 0 ? Math.min(...escalations) : undefined,
    quorum: Math.max(1, ...fields.map((field) => field?.quorum ?? 1)),
    approvers: common(fields.flatMap((field) => (field?.approvers ? [field.approvers] : []))),
    scopes: scopes.length > 0 ? scopes : ['once'],
  };
}

/** Whether a yes that covers `covers` under `definition` answers what is asked now. Asking for less is answered too. */
export function isCovered(ask: Ask, covers: readonly string[], definition: string): boolean {
  return ask.definition === definition && ask.identities.every((identity) => covers.includes(identity));
}

function askingRules(facts: Facts): readonly MatchedRule[] {
  return (facts.get(matchedRules) ?? []).filter(
    (rule) => rule.action === 'require_approval' && rule.mode === 'enforce',
  );
}

function askerOfRule(rule: MatchedRule): Asker {
  return {
    plugin: 'policy',
    code: 'approval_required',
    reason: `The rule "${rule.name}" wants a person's approval.`,
    identity: `rule:${rule.identity}:${sha256('terms', JSON.stringify(rule.fields['approval'] ?? null)).slice(0, 16)}`,
    rule: { name: rule.name, line: rule.line },
  };
}

/** Holds that are not a rule's own: a pot that would overflow, a changed tool, `flag_destructive`. */
function otherAskers(ctx: Pick<ForwardContext, 'decision'>, rules: readonly MatchedRule[]): readonly Asker[] {
  return ctx.decision.verdicts
    .filter((verdict) => verdict.effect === 'hold' && !verdict.shadow)
    .filter(
      ({ plugin, code, rule }) =>
        !(plugin === 'policy' && code === 'approval_required' && rules.some(({ name }) => name === rule?.name)),
    )
    .map(({ plugin, code, reason, rule, details }) => ({
      plugin,
      code,
      reason,
      identity: identityOf(plugin, details) ?? `${plugin}:${code}:${rule?.name ?? ''}`,
      ...(rule && { rule }),
      ...(details && { details: details as JsonObject }),
    }));
}

/** What the verdict itself says that a yes is bound to. A plugin speaks for itself only. */
function identityOf(plugin: string, details: Verdict['details']): string | undefined {
  const approval = details?.['approval'] as Json | undefined;
  if (typeof approval !== 'object' || approval === null || Array.isArray(approval)) return undefined;
  const { identity } = approval as JsonObject;
  if (typeof identity !== 'string' || identity === '') return undefined;
  return identity.startsWith(`${plugin}:`) ? identity : `${plugin}:${identity}`;
}

/** Only people whom every list names. */
function common(lists: readonly (readonly string[])[]): readonly string[] | undefined {
  return lists.length === 0
    ? undefined
    : lists.reduce((left, right) => left.filter((approver) => right.includes(approver)));
}
