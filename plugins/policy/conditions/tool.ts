/** `tool:`, `resource:`, `prompt:`, `upstream:` - what is called. Decided by names alone. */
import type { Call } from '@gethelio/proxy/plugin';
import { compileNames, namesSchema, type Names } from './names.ts';
import { isTracing } from '../trial.ts';
import type { BuiltIn } from './built-in.ts';

export const tool = named('tool', 'tool', "tool: ['delete_*', 'drop_*']", 'The name of the called tool.');
export const resource = named(
  'resource',
  'resource',
  "resource: 'file:///etc/*'",
  'The URI of a resource that is read (resources/read); only `*` is a wildcard.',
);
export const prompt = named('prompt', 'prompt', "prompt: 'admin_*'", 'The name of a prompt (prompts/get).');

export const upstream: BuiltIn<Names> = {
  key: 'upstream',
  summary: 'The name of the upstream that is called.',
  example: 'upstream: shop',
  schema: namesSchema,
  reads: 'name',
  compile(names, context) {
    const matches = compileNames(names, context);
    return (ctx) => {
      const { upstream } = ctx.call;
      const holds = matches(upstream);
      if (isTracing(ctx))
        ctx.note(`upstream is "${upstream}": ${holds ? 'matches' : 'does not match'} ${JSON.stringify(names)}`);
      return holds;
    };
  },
};

function named(key: string, kind: Call['kind'], example: string, summary: string): BuiltIn<Names> {
  return {
    key,
    summary,
    example,
    schema: namesSchema,
    reads: 'name',
    compile(names, context) {
      const matches = compileNames(names, context, { uri: kind === 'resource' });
      return (ctx) => {
        if (ctx.call.kind !== kind) {
          if (isTracing(ctx)) ctx.note(`this is a ${ctx.call.kind}, not a ${kind}`);
          return false;
        }
        const holds = matches(ctx.call.name);
        if (isTracing(ctx))
          ctx.note(`${kind} "${ctx.call.name}" ${holds ? 'matches' : 'does not match'} ${JSON.stringify(names)}`);
        return holds;
      };
    },
  };
}
