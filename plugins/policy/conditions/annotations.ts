/** `annotations:` - what the tool says of itself, with the defaults of MCP. */
import { z } from 'zod';
import { isTracing } from '../trial.ts';
import { defaultAnnotations, type BuiltIn } from './built-in.ts';

const hint = z.boolean().optional();
const schema = z.strictObject({
  readOnlyHint: hint.describe('Changes nothing. Default of MCP: false.'),
  destructiveHint: hint.describe('May destroy. Default of MCP: true.'),
  idempotentHint: hint.describe('Calling it again changes nothing more. Default of MCP: false.'),
  openWorldHint: hint.describe('Reaches beyond its own system. Default of MCP: true.'),
});

export const annotations: BuiltIn<z.output<typeof schema>> = {
  key: 'annotations',
  summary: "The tool's annotations; a hint that the tool leaves out has the default of MCP.",
  example: 'annotations: { readOnlyHint: false, destructiveHint: true }',
  schema,
  reads: 'caller',
  compile(hints, context) {
    const wanted = Object.entries(hints) as [keyof typeof hints, boolean][];
    if (wanted.length === 0) context.report('name at least one hint', [], 'write annotations: { readOnlyHint: false }');
    return (ctx) => {
      const { call, tool } = ctx;
      if (call.kind !== 'tool') {
        ctx.note(`a ${call.kind} has no annotations`);
        return false;
      }
      // A tool that runs in the agent's own process has no definition: MCP's defaults hold for it.
      const seen = tool?.annotations ?? defaultAnnotations;
      let all = true;
      for (const [name, value] of wanted) {
        if (isTracing(ctx)) ctx.note(`${name} is ${seen[name]}, wanted ${value}`);
        if (seen[name] !== value) all = false;
      }
      return all;
    };
  },
};
