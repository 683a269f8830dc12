/** The ten usual queries: what people ask of a trail. Tests look at their plans, the benchmark at their times. */
export const tenQueries: readonly { readonly name: string; readonly q: string }[] = [
  { name: 'the newest rows', q: '' },
  { name: 'one call by its id', q: 'id:ID' },
  { name: 'one tool', q: 'tool:create_payment' },
  { name: 'tools by a glob', q: 'tool:stripe_*' },
  { name: 'what was denied in the last day', q: 'outcome:denied since:24h' },
  { name: 'one session', q: 'session:s-77' },
  { name: 'one agent in the last week', q: 'agent:agent-3 since:7d' },
  { name: 'what a rule did', q: 'rule:rule-5' },
  { name: 'large payments', q: 'tool:create_payment amount>9900' },
  { name: 'a phrase', q: '"order A-4242"' },
];
