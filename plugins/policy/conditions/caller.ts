/** `agent:`, `session:`, `environment:` - who calls, and where. */
import { agent as agentFact, session as sessionFact } from '@gethelio/proxy/contracts/identity';
import type { Fact } from '@gethelio/proxy/plugin';
import { isTracing } from '../trial.ts';
import { compileNames, namesSchema, type Names } from './names.ts';
import type { BuiltIn } from './built-in.ts';

export const agent = who('agent', agentFact, "agent: 'billing-*'", 'The agent, as `identity` established it.');
export const session = who('session', sessionFact, "session: 'test-*'", 'The session, as `identity` established it.');

export const environment: BuiltIn<Names> = {
  key: 'environment',
  summary: 'The top-level `environment:` of helio.yaml.',
  example: 'environment: production',
  schema: namesSchema,
  reads: 'name',
  compile(names, context) {
    const { environment: here } = context;
    if (here === undefined) {
      context.report(
        'this rule asks for an environment, and helio.yaml does not say which one this is',
        [],
        'add a top-level line such as: environment: production',
      );
      return () => undefined;
    }
    const holds = compileNames(names, context)(here);
    return (ctx) => {
      if (isTracing(ctx))
        ctx.note(`environment is "${here}": ${holds ? 'matches' : 'does not match'} ${JSON.stringify(names)}`);
      return holds;
    };
  },
};

function who(key: string, fact: Fact<{ readonly id: string }>, example: string, summary: string): BuiltIn<Names> {
  return {
    key,
    summary,
    example,
    schema: namesSchema,
    reads: 'caller',
    compile(names, context) {
      const matches = compileNames(names, context);
      return (ctx) => {
        const id = ctx.facts.get(fact)?.id;
        if (id === undefined) {
          // Leaving out a header must not be the way around a rule about agents.
          if (isTracing(ctx)) ctx.note(`no ${key} was established: cannot be judged, so it counts against the call`);
          return undefined;
        }
        const holds = matches(id);
        if (isTracing(ctx))
          ctx.note(`${key} is "${id}": ${holds ? 'matches' : 'does not match'} ${JSON.stringify(names)}`);
        return holds;
      };
    },
  };
}
