/** The section `feedback:` of helio.yaml, and the field `feedback:` of a rule. */
import { z } from 'zod';

const format = z
  .enum(['tool_result', 'jsonrpc_error'])
  .describe('tool_result: a result with isError, which the model reads. jsonrpc_error: a JSON-RPC error.');
const errorCode = z
  .number()
  .int()
  .refine(
    (code) => code < -32768 || code > -32000,
    'codes from -32768 to -32000 belong to JSON-RPC and MCP; choose another',
  )
  .describe('Code of a jsonrpc_error, and of refused prompts and resources.');

export const feedbackSection = z.strictObject({
  format: format.default('tool_result'),
  error_code: errorCode.default(4001),
  show_rules: z.boolean().default(true).describe('Tell the agent the names of the rules that refused.'),
  contact: z.string().min(1).max(300).optional().describe('A sentence added when a retry cannot help: whom to ask.'),
});
export type FeedbackConfig = z.output<typeof feedbackSection>;

export const ruleFeedback = z
  .strictObject({
    message: z.string().min(1).max(2000).optional().describe('What is wrong, in place of the general sentence.'),
    suggestion: z.string().min(1).max(2000).optional().describe('What the agent should do instead.'),
    format: format.optional(),
    error_code: errorCode.optional(),
  })
  .refine(
    (field) => Object.values(field).some((value) => value !== undefined),
    'says nothing: give it a message or a suggestion',
  );
export type RuleFeedback = z.output<typeof ruleFeedback>;
