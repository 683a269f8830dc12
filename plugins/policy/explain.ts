/** `POST /api/explain`, `GET /api/policies`: a made-up call's decision with its whole trace, and the rules as written. */
import { described } from '@gethelio/proxy/contracts/operator';
import type {
  Decision,
  Effect,
  Explanation,
  GivenVerdict,
  Json,
  JsonObject,
  KernelApi,
  Question,
  ToolDefinition,
} from '@gethelio/proxy/plugin';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { policyTrace, type PolicyRules } from './contract.ts';
import type { PolicyTrace } from './trace.ts';

export const questionSchema = z.strictObject({
  tool: z.string().min(1).max(1024).describe('The name of the tool, prompt, or the URI of the resource.'),
  kind: z.enum(['tool', 'resource', 'prompt']).optional(),
  upstream: z.string().optional(),
  arguments: z.record(z.string(), z.json()).optional(),
  argumentsText: z
    .string()
    .max(1_048_576)
    .optional()
    .describe('The arguments as JSON text, where exact numbers matter.'),
  agent: z.string().max(128).optional(),
  session: z.string().max(128).optional(),
  headers: z.record(z.string(), z.string()).optional().describe('Request headers, by lower-case name.'),
  nowMs: z.number().int().nonnegative().optional(),
});
export type ExplainQuestion = z.output<typeof questionSchema>;

/** What a person gets told about a call that was never made. */
export interface ExplainAnswer {
  readonly tool: string;
  readonly decision: { readonly effect: Effect; readonly verdicts: readonly GivenVerdict[] };
  readonly feedback: JsonObject | null;
  readonly trace: PolicyTrace | null;
  readonly steps: Explanation['steps'];
  /** Set when the upstream could not be asked: judged with the annotations of a tool that says nothing. */
  readonly withoutUpstream?: true;
}

export async function explainCall(kernel: Pick<KernelApi, 'explain'>, asked: ExplainQuestion): Promise<ExplainAnswer> {
  const { tool, ...rest } = asked;
  const { decision, feedback, facts, steps } = await kernel.explain({ name: tool, ...rest } as Question);
  const unreached = decision.verdicts.some(
    ({ code, plugin }) => code === 'upstream_unavailable' && plugin === 'kernel',
  );
  return {
    tool,
    decision: unreached ? withoutUpstream(decision) : decision,
    feedback: feedback ?? null,
    trace: (facts.get(policyTrace)?.() as unknown as PolicyTrace | undefined) ?? null,
    steps,
    ...(unreached && { withoutUpstream: true as const }),
  };
}

const rank: Readonly<Record<Effect, number>> = { allow: 0, hold: 1, simulate: 2, deny: 3 };

/** The question is about the rules: that the upstream is away just now is said beside the answer. */
function withoutUpstream({ verdicts }: Decision): Decision {
  const given = verdicts.filter(({ code, plugin }) => !(code === 'upstream_unavailable' && plugin === 'kernel'));
  const counted = given.filter(({ shadow }) => !shadow).map(({ effect }) => effect);
  if (counted.length === 0) return { effect: 'deny', verdicts };
  return { effect: counted.reduce((a, b) => (rank[b] > rank[a] ? b : a)), verdicts: given };
}

export function explainRoute(kernel: KernelApi): (app: FastifyInstance) => void {
  return (app) => {
    app.post(
      '/',
      described({ summary: 'What would happen to a call, and why', body: questionSchema }),
      async (request) => explainCall(kernel, request.body as ExplainQuestion) as unknown as Promise<Json>,
    );
  };
}

export function policiesRoute(rules: PolicyRules, kernel: KernelApi): (app: FastifyInstance) => void {
  return (app) => {
    app.get('/', described({ summary: 'The rules as written, with warnings' }), async () => {
      const further = rules.againstTools(await knownTools(kernel));
      const withWarnings = rules.rules.map((rule, index) => ({
        ...rule,
        warnings: [...rule.warnings, ...further.filter(({ path }) => path[2] === index).map(({ message }) => message)],
      }));
      return { rules: withWarnings, default: rules.default };
    });
  };
}

/** What the upstreams advertise; one that is away adds nothing, so that no rule is doubted because of it. */
async function knownTools(kernel: KernelApi): Promise<readonly ToolDefinition[]> {
  const asked = await Promise.allSettled(kernel.upstreams().map(({ name }) => kernel.tools(name)));
  if (asked.some(({ status }) => status === 'rejected')) return [];
  return asked.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}
