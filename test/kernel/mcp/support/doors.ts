/** Doors with a gate that allows all, for tests of the data path alone. */
import type { Final, Gate, Incoming, Landing } from '../../../../kernel/mcp/incoming.ts';
import { listenSection, upstreamEntry } from '../../../../kernel/mcp/config.ts';
import { createDoors, type Doors } from '../../../../kernel/mcp/serve.ts';
import type { Log } from '../../../../kernel/plugin.ts';

type Refusal = Parameters<Gate['refused']>[0];
type Passed = Parameters<Gate['passed']>[0];

export interface TestGate extends Gate {
  readonly refusals: Refusal[];
  readonly seen: Passed[];
  readonly calls: Incoming[];
  readonly landings: Landing[];
  /** Runs in place of allowing; undefined: forward. */
  judge: ((incoming: Incoming) => Promise<Final | undefined> | Final | undefined) | undefined;
  /** What becomes of an answer. */
  after: ((landing: Landing, incoming: Incoming) => Final | undefined) | undefined;
}

export function openGate(): TestGate {
  const gate: TestGate = {
    refusals: [],
    seen: [],
    calls: [],
    landings: [],
    judge: undefined,
    after: undefined,
    async call(incoming) {
      gate.calls.push(incoming);
      const judged = await gate.judge?.(incoming);
      if (judged) return judged;
      const landing = await incoming.forward({
        callId: 'test',
        decision: { effect: 'allow', verdicts: [] },
        headers: new Map(),
      });
      gate.landings.push(landing);
      const after = gate.after?.(landing, incoming);
      if (after) return after;
      if (landing.kind === 'answer') return { kind: 'as_landed' };
      if (landing.kind === 'not_sent' && landing.passThrough) return { kind: 'pass_through' };
      const value = { code: -32603, message: landing.reason };
      return {
        kind: 'answer',
        answer: { kind: 'error', isError: true, bytes: Buffer.from(JSON.stringify(value)), value: () => value },
      };
    },
    passed: (seen) => void gate.seen.push(seen),
    async refused(refusal) {
      gate.refusals.push(refusal);
    },
  };
  return gate;
}

export const quiet: Log & { readonly lines: string[] } = {
  lines: [],
  debug: (line) => void quiet.lines.push(line),
  info: (line) => void quiet.lines.push(line),
  warn: (line) => void quiet.lines.push(line),
  error: (line) => void quiet.lines.push(line),
};

export interface TestDoors extends Doors {
  readonly gate: TestGate;
  readonly mcp: URL;
}

/** `upstream` as it would stand in helio.yaml, or several by name. */
export async function openDoors(
  upstream: object | { upstreams: { [name: string]: object } },
  listen: object = {},
): Promise<TestDoors> {
  const gate = openGate();
  const written = 'upstreams' in upstream ? upstream.upstreams : { default: upstream };
  const doors = createDoors({
    listen: listenSection.parse({ port: 0, ...listen }),
    upstreams: Object.fromEntries(
      Object.entries(written as object).map(([name, entry]) => [name, upstreamEntry.parse(entry)]),
    ),
    gate: () => gate,
    log: quiet,
    configDir: process.cwd(),
    self: { name: 'helio', version: '0.0.0' },
  });
  await doors.start();
  return Object.assign(doors, { gate, mcp: new URL(doors.url()!) });
}
