/** What an agent reads when evidence is missing, too old, or about something else: the next call, with its arguments. */
import type { Call, Json, JsonObject, KernelApi, Verdict } from '@gethelio/proxy/plugin';
import type { MatchedRule } from '@gethelio/proxy/contracts/policy';
import type { Met } from './meet.ts';
import type { Requirement } from './requirement.ts';

export interface Unmet {
  readonly requirement: Requirement;
  readonly met: Exclude<Met, { kind: 'met' }>;
}

/** Missing is told before expired, expired before mismatch: that is the order in which an agent mends them. */
export async function unmetVerdict(
  rule: MatchedRule,
  unmet: readonly Unmet[],
  call: Call,
  kernel: KernelApi,
): Promise<Verdict> {
  const names = (kind: Met['kind']): string[] =>
    unmet.filter(({ met }) => met.kind === kind).map(({ requirement }) => requirement.name);
  const [missing, expired, mismatched] = [names('missing'), names('expired'), names('mismatch')];
  const comparisons = unmet.flatMap(({ requirement, met }) =>
    met.kind === 'mismatch' ? met.comparisons.map((comparison) => `${requirement.name}: ${comparison}`) : [],
  );
  const code = missing.length > 0 ? 'evidence_missing' : expired.length > 0 ? 'evidence_expired' : 'evidence_mismatch';
  const sentences = [
    ...(missing.length > 0
      ? [`${call.name} needs evidence that this session does not have: ${missing.join(', ')}.`]
      : []),
    ...(expired.length > 0 ? [`The evidence is too old: ${expired.join(', ')}.`] : []),
    ...(mismatched.length > 0 ? [`The evidence does not fit this call: ${comparisons.join('; ')} does not hold.`] : []),
  ];
  const next = await Promise.all(unmet.map(({ requirement }) => nextCall(requirement, call, kernel)));
  return {
    effect: 'deny',
    code,
    reason: sentences.join(' '),
    rule: { name: rule.name, line: rule.line },
    details: {
      ...(missing.length > 0 && { missing_evidence: missing }),
      ...(expired.length > 0 && { expired_evidence: expired }),
      ...(mismatched.length > 0 && { mismatched_evidence: comparisons }),
    },
    suggestion: `Call ${next.join(', then ')} before retrying`,
    retry: { allowed: true },
    ...(rule.mode === 'shadow' && { shadow: true as const }),
  };
}

export function unresolved(rule: MatchedRule): Verdict {
  return {
    effect: 'deny',
    code: 'session_unresolved',
    reason: 'Evidence belongs to a session, and this call belongs to none that Helio knows.',
    suggestion: 'Connect with a session: send Mcp-Session-Id or x-helio-session-id with every call.',
    rule: { name: rule.name, line: rule.line },
    retry: { allowed: false },
    ...(rule.mode === 'shadow' && { shadow: true as const }),
  };
}

/** `orders.lookup with order_id "A-17"`: the arguments of this call that the other tool takes too. */
async function nextCall({ name, where }: Requirement, call: Call, kernel: KernelApi): Promise<string> {
  const bound = where.flatMap(({ path, comparison }) => {
    const input = /^equals_input \$\.([\w-]+)$/.exec(comparison.text.replace(/['"]/g, ''))?.[1];
    const wanted = /^\$\.([\w-]+)$/.exec(path.text)?.[1];
    const value = input === undefined ? undefined : call.arguments[input];
    return wanted !== undefined && isPlain(value) ? [[wanted, value] as const] : [];
  });
  const shared = bound.length > 0 ? bound : await sharedArguments(name, call, kernel);
  if (shared.length === 0) return name;
  return `${name} with ${shared.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(' and ')}`;
}

async function sharedArguments(
  name: string,
  call: Call,
  kernel: KernelApi,
): Promise<readonly (readonly [string, Json])[]> {
  const tools = await kernel.tools(call.upstream).catch(() => []);
  const schema = tools.find((tool) => tool.name === name)?.inputSchema;
  const wanted =
    (schema?.['required'] as readonly string[] | undefined) ??
    Object.keys((schema?.['properties'] as JsonObject | undefined) ?? {});
  return wanted.flatMap((key) => (isPlain(call.arguments[key]) ? [[key, call.arguments[key]!] as const] : []));
}

const isPlain = (value: Json | undefined): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);
