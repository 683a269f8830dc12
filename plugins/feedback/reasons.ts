/** Every reason that a refusal of the standard plugins can carry: the table behind docs/reference/feedback.md. */

export interface Reason {
  readonly reason: string;
  /** Who says it. */
  readonly plugin: string;
  readonly when: string;
  /** Its own fields of the feedback object. */
  readonly fields?: { readonly [field: string]: string };
  /** What the agent can do, when the plugin that refused names nothing better. */
  readonly suggestion: string;
}

export const reasons: readonly Reason[] = [
  {
    reason: 'policy_denied',
    plugin: 'policy',
    when: 'A rule denies the call, or no rule allows it.',
    suggestion: 'Do something else, or ask your user to have the policy changed.',
  },
  {
    reason: 'evidence_missing',
    plugin: 'evidence',
    when: 'What the rule wants to be known first is not on record in this session.',
    fields: { missing_evidence: 'names of the evidence that is missing' },
    suggestion: 'Call the tools named in missing_evidence first, then retry.',
  },
  {
    reason: 'evidence_expired',
    plugin: 'evidence',
    when: 'The evidence was there, and is too old.',
    fields: { expired_evidence: 'names of the evidence that is too old' },
    suggestion: 'Call the tools named in expired_evidence again, then retry.',
  },
  {
    reason: 'evidence_mismatch',
    plugin: 'evidence',
    when: 'The evidence is about something else than this call: another order, a smaller total.',
    fields: { mismatched_evidence: 'which comparisons failed, without the values of the other entity' },
    suggestion: 'Look up the very thing that this call is about, then retry.',
  },
  {
    reason: 'dependency_missing',
    plugin: 'dependencies',
    when: 'A tool that must have succeeded first has not, in this session.',
    fields: {
      missing_dependencies: 'tools that must succeed first',
      out_of_order: '`true` when they were called, in another order',
    },
    suggestion: 'Call the tools named in missing_dependencies first, then retry.',
  },
  {
    reason: 'rate_limited',
    plugin: 'rate-limits',
    when: 'The calls that a window allows are used up.',
    fields: {
      limit: 'calls in a window',
      remaining: 'calls left in it',
      window_ms: 'length of the window',
      key: 'who shares the count: `tool`, `session`, `agent` or `global`',
      retry_after_ms: 'when there will be room',
    },
    suggestion: 'Wait, then retry.',
  },
  {
    reason: 'spend_limited',
    plugin: 'spend-limits',
    when: 'The amount does not fit under the limit of its window.',
    fields: {
      limit: 'the limit, an exact decimal text',
      remaining: 'what is left of it',
      amount: 'what this call asked for',
      currency: 'label of the limit',
      window_ms: 'length of the window',
      key: 'who shares the limit: `tool`, `session`, `agent` or `global`',
      retry_after_ms: 'when there will be room',
    },
    suggestion: 'Use a smaller amount, or wait.',
  },
  {
    reason: 'budget_exceeded',
    plugin: 'budgets',
    when: 'The amount does not fit into a pot.',
    fields: {
      budget: 'name of the pot',
      limit: 'the limit, an exact decimal text',
      remaining: 'what is left of it',
      amount: 'what this call asked for',
      currency: 'label of the pot',
      window: '`day`, `week`, `month`, `session`, or the length of one that slides',
      key: 'who shares the pot: `tool`, `session`, `agent` or `global`',
      retry_after_ms: 'when there will be room',
    },
    suggestion: 'Use a smaller amount, or ask your user for a larger budget.',
  },
  {
    reason: 'invalid_amount',
    plugin: 'spend-limits, budgets, policy',
    when: 'Where an amount must stand there is none: missing, text, negative, another currency.',
    fields: {
      field: 'path of the amount, or of the currency, in the arguments',
      budget: 'name of the pot that cannot count it, when it is a pot',
      currency: 'what the limit or the pot is in',
    },
    suggestion: 'Send a plain number of zero or more there.',
  },
  {
    reason: 'session_unresolved',
    plugin: 'identity',
    when: 'The call cannot be told to belong to a session or an agent, and a rule needs that.',
    fields: { needs: '`session` or `agent`: what could not be told' },
    suggestion: 'Send the header x-helio-session-id with an id of your own for this session.',
  },
  {
    reason: 'tool_definition_drift',
    plugin: 'tool-pinning',
    when: 'The tool has changed since a person accepted it.',
    fields: { tool: 'the tool', state: '`changed`, `new` or `removed`: how it differs from what was accepted' },
    suggestion: 'Do not use this tool until an operator has accepted the change.',
  },
  {
    reason: 'dry_run',
    plugin: 'dry-run',
    when: 'The call was judged and not forwarded, because a dry run was asked for.',
    fields: {
      would: '`forward` or `ask_for_approval`: what would have happened',
      dry_run_by: '`config` or `call`; absent when a rule made it one',
    },
    suggestion: 'Nothing was carried out. Do not report it as done.',
  },
  {
    reason: 'approval_required',
    plugin: 'approvals',
    when: 'A person must say yes. Seen in explain; a waiting call ends with one of the reasons below.',
    suggestion: 'Wait for a person to approve it.',
  },
  {
    reason: 'approval_pending',
    plugin: 'approvals',
    when: 'A person was asked and has not answered within the time a call can be held.',
    fields: {
      approval: 'reference of the ticket',
      approval_deadline: 'ISO time until which it can be given',
      retry_after_ms: 'when to ask again',
    },
    suggestion: 'Call again with the same arguments once it is approved.',
  },
  {
    reason: 'approval_denied',
    plugin: 'approvals',
    when: 'A person said no, or nobody can be asked.',
    fields: { approval: 'reference of the ticket' },
    suggestion: 'Do not repeat this call. Ask your user, or do something else.',
  },
  {
    reason: 'approval_timeout',
    plugin: 'approvals',
    when: 'Nobody answered in time.',
    fields: { approval: 'reference of the ticket' },
    suggestion: 'Call again when somebody is there to answer.',
  },
  {
    reason: 'approval_superseded',
    plugin: 'approvals',
    when: 'What was approved is not what would run now: rules, definition or caller changed meanwhile.',
    fields: { approval: 'reference of the ticket' },
    suggestion: 'Call again: the approval is asked for anew.',
  },
  {
    reason: 'destructive_tool',
    plugin: 'policy',
    when: 'The tool says that it destroys, and policies.flag_destructive wants a person asked.',
    suggestion: 'Wait for a person to approve it.',
  },
  {
    reason: 'shutdown_cancelled',
    plugin: 'approvals',
    when: 'Helio was shut down while the call waited.',
    fields: { approval: 'reference of the ticket' },
    suggestion: 'Call again when Helio is back.',
  },
  {
    reason: 'plugin_failed',
    plugin: 'kernel',
    when: 'A guard failed or ran out of time, so the call was refused. The reason names the plugin.',
    fields: {
      plugin: 'the plugin that failed',
      hook: 'where it failed',
      withheld: '`true`: the call was carried out, and its answer kept back',
    },
    suggestion: 'Try again once; if it repeats, tell your user.',
  },
  {
    reason: 'audit_unavailable',
    plugin: 'kernel',
    when: 'The call cannot be recorded or its limits cannot be kept now.',
    suggestion: 'Try again later.',
  },
  {
    reason: 'upstream_unavailable',
    plugin: 'kernel',
    when: 'The server behind Helio could not be reached, or its tools are not known.',
    fields: { outcome: '`not_sent`: it did nothing; `unknown`: it may have acted' },
    suggestion: 'Try again later. After `unknown`, find out first whether the call was carried out.',
  },
];

export const reasonNamed: ReadonlyMap<string, Reason> = new Map(reasons.map((each) => [each.reason, each]));
