/** One call in a test: how it comes in, and everything that can be told about how it went. */
import type { Answer, Call, Decision, DecisionRecord, JsonObject, Outcome } from '../plugin.ts';
import type { Final, Incoming } from '../mcp/incoming.ts';
import { readStrict, type StrictObject } from '../mcp/json.ts';
import { feedbackKey } from '../refusal.ts';
import { isShutdown } from '../shutdown.ts';
import type { FakeClock } from './fake-clock.ts';
import type { FakeUpstreamInside } from './fake-upstream.ts';

export interface TestCall {
  readonly name: string;
  readonly kind?: Call['kind'];
  readonly arguments?: JsonObject;
  /** The arguments as JSON text, where exact numbers matter. */
  readonly argumentsText?: string;
  readonly session?: string;
  /** Sent as `x-helio-agent`; believed only as far as identity is told to. */
  readonly agent?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly era?: 'legacy' | 'modern';
  readonly meta?: JsonObject;
  readonly clientCapabilities?: JsonObject;
  readonly requestState?: string;
  readonly inputResponses?: JsonObject;
  readonly signal?: AbortSignal;
  readonly onWaiting?: (message: string) => void;
}

export interface Told {
  /** The decision's effect; `allow` when it went through. */
  readonly effect: Decision['effect'];
  /** The stable reason of the strictest verdict, e.g. `rate_limited`. */
  readonly code: string | undefined;
  readonly outcome: Outcome;
  readonly decision: Decision;
  /** The feedback object of a refusal. */
  readonly feedback: JsonObject | undefined;
  /** All text blocks of the answer, or the error's message. */
  readonly text: string;
  readonly answer: Answer | undefined;
  readonly record: DecisionRecord;
  readonly final: Final;
}

export function makeIncoming(
  call: TestCall,
  upstream: FakeUpstreamInside,
  clock: FakeClock,
): Incoming & { landed?: Answer } {
  const read = readStrict(new TextEncoder().encode(call.argumentsText ?? JSON.stringify(call.arguments ?? {})));
  if (!read.ok) throw new Error(`the test's arguments are refused: ${read.reason}`);
  const headers = Object.fromEntries(
    Object.entries(call.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  if (call.agent !== undefined) headers['x-helio-agent'] = call.agent;
  const kind = call.kind ?? 'tool';
  const args = read.value as StrictObject;
  const signal = call.signal ?? new AbortController().signal;
  const incoming: Incoming & { landed?: Answer } = {
    kind,
    method: { tool: 'tools/call', resource: 'resources/read', prompt: 'prompts/get', list: call.name }[kind],
    upstream: 'upstream',
    name: call.name,
    arguments: args,
    arrival: {
      door: 'http',
      era: call.era ?? 'legacy',
      header: (name) => headers[name],
      mcpSession: call.session,
      peer: '127.0.0.1',
      meta: call.meta ?? {},
      client: { name: 'test', version: '1' },
      clientCapabilities: call.clientCapabilities ?? {},
      requestState: call.requestState,
      inputResponses: call.inputResponses,
    },
    receivedAtMs: clock.nowMs(),
    signal,
    get isAborted() {
      return signal.aborted;
    },
    get isGone() {
      return signal.aborted && !isShutdown(signal);
    },
    definition: () => (kind === 'tool' ? upstream.lookup(call.name) : { found: undefined }),
    waiting: (message) => call.onWaiting?.(message),
    async forward({ arguments: rewritten, headers: added }) {
      const landing = await upstream.receive(call.name, (rewritten ?? args) as JsonObject, added);
      if (landing.kind === 'answer') incoming.landed = landing.answer;
      return landing;
    },
  };
  return incoming;
}

export function toldOf(
  final: Final,
  incoming: Incoming & { readonly landed?: Answer },
  records: readonly DecisionRecord[],
): Told {
  const record = records.find(({ arrival }) => arrival === incoming.arrival); // calls may run side by side
  if (record === undefined) throw new Error('the call left no record');
  const answer = final.kind === 'answer' ? final.answer : final.kind === 'as_landed' ? incoming.landed : undefined;
  const value = (answer?.value() ?? {}) as {
    content?: { text?: string }[];
    _meta?: JsonObject;
    message?: string;
    data?: JsonObject;
  };
  const feedback = (value._meta?.[feedbackKey] ?? value.data) as JsonObject | undefined;
  const text = value.message ?? (value.content ?? []).map((block) => block.text ?? '').join('\n');
  const { decision, outcome } = record;
  return {
    effect: decision.effect,
    code: decision.verdicts.find(({ shadow }) => !shadow)?.code,
    outcome,
    decision,
    feedback,
    text,
    answer,
    record,
    final,
  };
}
