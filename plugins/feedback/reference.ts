/** Writes docs/reference/feedback.md from the table of reasons. */
import { reasons } from './reasons.ts';

export function feedbackPage(): string {
  const rows = reasons.map(({ reason, plugin, when }) => `| \`${reason}\` | ${plugin} | ${when} |`);
  const details = reasons.map(({ reason, when, fields, suggestion }) =>
    [
      `### ${reason}`,
      '',
      when,
      '',
      ...Object.entries(fields ?? {}).map(([field, meaning]) => `- \`${field}\`: ${meaning}`),
      ...(fields ? [''] : []),
      `What the agent is told to do, unless the plugin or the rule knows better: "${suggestion}"`,
      '',
    ].join('\n'),
  );
  return `${intro.trim()}

| reason | who says it | when |
|---|---|---|
${rows.join('\n')}

## Each reason

${details.join('\n')}`;
}

const intro = `
<!-- Generated from plugins/feedback/reasons.ts; a test compares the two. -->

# Feedback: what an agent reads when a call is refused

A refused tool call is answered with a tool result that has \`isError: true\`. Its text is a sentence that the model can act on,
then the feedback object as JSON; the same object stands under \`_meta["com.gethelio/feedback"]\`. Prompts and resources have no
\`isError\`: there, and with \`feedback.format: jsonrpc_error\`, it is a JSON-RPC error whose \`data\` is the object.

\`\`\`json
{
  "blocked": true,
  "reason": "evidence_missing",
  "message": "The rule \\"process_refund#2\\" wants orders.lookup first.",
  "rule": "process_refund#2",
  "missing_evidence": ["orders.lookup"],
  "suggestion": "Call orders.lookup with order_id \\"A-17\\" before retrying",
  "retry_allowed": true,
  "decision_id": "0199f0a2-5c1e-7000-8000-000000000000"
}
\`\`\`

| field | always | meaning |
|---|---|---|
| \`blocked\` | yes | \`true\`: Helio did not let the call pass; \`false\`: it did, and no answer came (\`upstream_unavailable\`) |
| \`reason\` | yes | the stable code, from the table below or of a plugin of yours |
| \`message\` | yes | what is wrong, in a sentence |
| \`rule\` | no | name of the rule that refused |
| \`suggestion\` | no | what to do next |
| \`retry_allowed\` | yes | \`false\`: the same call will be refused again |
| \`retry_after_ms\` | no | milliseconds until a retry can succeed |
| \`also\` | no | everything else that refused this call: \`reason\`, \`message\`, \`rule\`, \`suggestion\` each |
| \`dry_run\` | no | \`true\`: nothing would have been forwarded in any case |
| \`decision_id\` | yes | the id of the call in the audit |

The fields of all reasons that refused one call stand in the object; the first reason's own ones win.

## In helio.yaml

\`\`\`yaml
policies:
  default: allow
  rules:
    - match: { tool: 'delete_*' }
      action: deny
      feedback:
        message: 'Destructive operations are disabled'
        suggestion: 'Archive it instead'
feedback:
  format: tool_result   # or jsonrpc_error
  error_code: 4001      # of jsonrpc_error
\`\`\`

## Reasons
`;
