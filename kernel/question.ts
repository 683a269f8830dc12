/** Calls that no MCP client made: `explain`, and the sideband's adapter, both through the same pipeline. */
import type {
  Answer,
  Arrival,
  Evaluation,
  Explanation,
  GivenVerdict,
  JsonObject,
  Outcome,
  Question,
  ToolDefinition,
} from './plugin.ts';
import { fold } from './decision.ts';
import { helioError } from './errors.ts';
import { readStrict, type StrictObject } from './mcp/json.ts';
import type { Incoming, Landing, Lookup } from './mcp/incoming.ts';
import { toolDefinition } from './mcp/tool-definition.ts';
import { runCall } from './pipeline.ts';
import { feedbackKey, render } from './refusal.ts';
import { TripContext } from './contexts.ts';
import { logFailure, receive } from './steps.ts';
import { sync } from './sync.ts';
import { startTrip, type World } from './trip.ts';

/** Where tools run that no upstream has. */
const inProcess = 'in-process';

export interface Asking {
  readonly world: World;
  /** The upstream meant when the question names none. */
  defaultUpstream(): string;
  /** The tool's definition, where an upstream has it. */
  lookup(upstream: string, name: string): Promise<Lookup> | Lookup;
}

/** Judges a made-up call: every tap runs, nothing is committed, nothing recorded. */
export async function explain(asking: Asking, question: Question): Promise<Explanation> {
  const world =
    question.nowMs === undefined ? asking.world : { ...asking.world, clock: { nowMs: () => question.nowMs! } };
  const trip = startTrip(incomingOf(asking, question, 'unused'), world);
  try {
    const steps: Explanation['steps'][number][] = [];
    const notReceived = await receive(trip);
    trip.facts.beginEvaluation();
    const verdicts = await sync<readonly GivenVerdict[]>((done) =>
      trip.generation.hooks.evaluate(
        {
          ctx: Object.freeze(new TripContext(trip, 'explain')),
          walkOn: true,
          skipMeter: false,
          onStep: (tap, given, ms) => steps.push({ plugin: tap.plugin, stage: tap.stage, verdicts: given, ms }),
          onFailure: (failure) => logFailure(trip, failure),
        },
        done,
      ),
    );
    const folded = fold(verdicts);
    const decision = notReceived === undefined ? folded : fold([...notReceived.verdicts, ...verdicts]);
    const refused = decision.effect !== 'allow';
    const feedback = refused
      ? render(trip, decision, decision.effect === 'simulate' ? 'simulated' : 'denied').feedback
      : undefined;
    return { decision, feedback, facts: trip.facts, call: trip.call, steps };
  } finally {
    trip.generation.leave();
  }
}

/** Runs a call whose tool somebody else executes: resolves when it may run or was refused; `report` is its answer. */
export function evaluate(asking: Asking, question: Question): Promise<Evaluation> {
  return new Promise((resolve) => {
    let land!: (landing: Landing) => void;
    let reported: Promise<void> | undefined;
    const landed = new Promise<Landing>((done) => void (land = done));
    const incoming: Incoming = {
      ...incomingOf(asking, question, 'sideband'),
      forward: ({ callId, decision }) => {
        resolve({ id: callId, decision, feedback: undefined, outcome: 'ready', report });
        return landed;
      },
    };
    const over = runCall(incoming, asking.world);
    const report: Evaluation['report'] = ({ acted, known, answer }) => {
      reported ??= (async () => {
        land(landingOf(acted, known, answer));
        await over;
      })();
      return reported;
    };
    void over.then((final) => {
      if (final.kind === 'answer' && final.instead !== undefined)
        resolve(refusedEvaluation(final.answer, final.instead));
    });
  });
}

/** What the adapter gets instead of leave to run. */
function refusedEvaluation(
  answer: Answer,
  instead: { id: string; decision: Evaluation['decision']; outcome: Outcome },
): Evaluation {
  const value = answer.value() as { _meta?: { [feedbackKey]?: JsonObject }; data?: JsonObject };
  const outcome =
    instead.outcome === 'simulated' || instead.outcome === 'answered' || instead.outcome === 'pending'
      ? instead.outcome
      : 'denied';
  return { ...instead, outcome, feedback: value._meta?.[feedbackKey] ?? value.data, report: async () => {} };
}

function landingOf(acted: boolean, known: boolean, answer: Answer | undefined): Landing {
  if (!known) return { kind: 'unknown', reason: 'its result was not reported in time' };
  if (answer !== undefined) return { kind: 'answer', answer, acted };
  return acted
    ? { kind: 'unknown', reason: 'it was reported without an answer' }
    : { kind: 'not_sent', reason: 'it was reported as not carried out' };
}

/** The arguments as a door would have read them: through the one strict reader. Throws HELIO_QUESTION_ARGUMENTS. */
function argumentsOf(question: Question): StrictObject {
  const text = question.argumentsText ?? JSON.stringify(question.arguments ?? {});
  const read = readStrict(new TextEncoder().encode(text));
  if (!read.ok) throw helioError('HELIO_QUESTION_ARGUMENTS', { reason: read.reason });
  if (typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) {
    throw helioError('HELIO_QUESTION_ARGUMENTS', { reason: 'they are no object' });
  }
  return read.value as StrictObject;
}

function incomingOf(asking: Asking, question: Question, door: 'unused' | 'sideband'): Incoming {
  const { definition } = question;
  const upstream = question.upstream ?? (definition === undefined ? asking.defaultUpstream() : inProcess);
  const kind = question.kind ?? 'tool';
  const headers = question.headers ?? {};
  const arrival: Arrival = {
    door: 'sideband',
    era: 'legacy',
    header: (name) => headers[name],
    mcpSession: undefined,
    peer: 'sideband',
    meta: {} as JsonObject,
    client: undefined,
    clientCapabilities: {},
    requestState: undefined,
    inputResponses: undefined,
    vouched: {
      ...(question.session !== undefined && { session: question.session }),
      ...(question.agent !== undefined && { agent: question.agent }),
    },
  };
  return {
    kind,
    method: door === 'sideband' ? 'sideband/evaluate' : 'explain',
    upstream,
    name: question.name,
    arguments: argumentsOf(question),
    arrival,
    receivedAtMs: question.nowMs ?? asking.world.clock.nowMs(),
    signal: new AbortController().signal,
    isAborted: false,
    isGone: false,
    definition: () =>
      definition !== undefined
        ? { found: toolDefinition({ ...definition, name: question.name }, 'trusted') }
        : kind === 'tool'
          ? asking.lookup(upstream, question.name)
          : { found: undefined as ToolDefinition | undefined },
    waiting: () => {},
    forward: async () => ({ kind: 'not_sent', reason: 'explain forwards nothing' }),
  };
}
