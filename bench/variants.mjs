/** What is measured: Helio's configurations, and the calls that are sent through them. */

/** `count` rules as people write them, a third of them on this tool; none refuses the benchmark's own calls. */
function rules(count) {
  const lines = ["    - match: { tool: 'delete_*' }\n      action: deny"];
  lines.push(
    "    - match: { tool: ['write_*', 'create_*'] }\n      action: rate_limit\n      limits: { max_calls: 1000000000, window: 1h, key: tool }",
  );
  lines.push("    - match: { tool: 'write_*', input: { '$.a': { gt: 1000000 } } }\n      action: deny");
  lines.push("    - match: { tool: ['read_secret', 'read_key'] }\n      action: deny");
  for (let at = lines.length; at < count; at += 1) {
    lines.push(`    - match: { tool: 'tool_${at}_*', input: { '$.amount': { gt: ${at} } } }\n      action: deny`);
  }
  return lines.join('\n');
}

const standard = ['policy', 'rate-limits', 'dry-run', 'feedback', 'audit'];
const config = ({ upstream, ruleCount = 20, audit, plugins = standard }) => `version: '1'
upstream: { url: '${upstream}' }
listen: { port: 0 }
plugins: [${plugins.join(', ')}]
policies:
  default: allow
  rules:
${rules(ruleCount)}
audit: ${audit}
`;

const audited = (durability, more = '') =>
  `{ storage: sqlite, durability: ${durability}, include_responses: true${more} }`;
const relaxed = audited('relaxed');
const helio = (name, options) => ({ name, yaml: (upstream) => config({ upstream, audit: relaxed, ...options }) });

export const variants = {
  relaxed: helio('Helio, 20 rules, rate limit, audit relaxed'),
  strict: helio('Helio, the same, audit strict', { audit: audited('strict') }),
  fsync: helio('Helio, the same, audit strict with fsync', { audit: audited('strict', ', fsync: true') }),
  summary: helio('Helio, responses as a summary', {
    audit: '{ storage: sqlite, durability: relaxed, include_responses: summary }',
  }),
  rules10: helio('Helio, 10 rules', { ruleCount: 10 }),
  rules1000: helio('Helio, 1,000 rules', { ruleCount: 1000 }),
  rules10000: helio('Helio, 10,000 rules', { ruleCount: 10_000 }),
};

const call = (name) =>
  `{"jsonrpc":"2.0","id":{{n}},"method":"tools/call","params":{"name":"${name}","arguments":{"a":1,"note":"from the benchmark"}}}`;
/** `expect` is a piece of the only right answer. */
export const calls = {
  small: { body: call('write_thing'), expect: 'The quick brown fox' },
  read: { body: call('read_thing'), expect: 'The quick brown fox' },
  large: { body: call('write_thing'), expect: 'The quick brown fox', headers: { 'x-result-bytes': '100000' } },
  denied: { body: call('delete_thing'), expect: '"isError":true' },
};
