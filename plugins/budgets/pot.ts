/** A pot, compiled: which calls draw from it, how much, from which bucket, and when that starts anew. */
import { bucketName, type CallContext, type TakeOp, type Verdict } from '@gethelio/proxy/plugin';
import { agent, session } from '@gethelio/proxy/contracts/identity';
import {
  compileAmount,
  readKey,
  windowText,
  type AmountReader,
  type KeyKind,
  type ReadAmount,
} from '@gethelio/proxy/contracts/limits';
import type { PolicyLanguage } from '@gethelio/proxy/contracts/policy';
import { createCalendar, type CalendarUnit } from './calendar.ts';
import type { PotConfig } from './config.ts';

/** A session's pot is forgotten when nothing was drawn for so long. */
const sessionIdleMs = 30 * 86_400_000;

export interface Window {
  /** `24h`, `day`, `session`, ... */
  readonly text: string;
  readonly slidingMs: number | undefined;
  readonly zone: string | undefined;
  /** What counts at an instant, and when an entry of now stops counting at the latest. */
  at(nowMs: number): { readonly sinceMs: number; readonly untilMs: number };
  /** When it starts anew; undefined for sliding ones and sessions. */
  resetsAtMs(nowMs: number): number | undefined;
}

export interface Pot {
  readonly name: string;
  readonly line: number | undefined;
  readonly limit: string;
  readonly currency: string | undefined;
  readonly key: KeyKind;
  readonly onExceed: PotConfig['on_exceed'];
  readonly releaseOnError: boolean;
  readonly window: Window;
  readonly tools: readonly string[];
  /** How a tool draws from it; undefined when it does not. */
  contributor(tool: string): AmountReader | undefined;
}

export function compilePot(written: PotConfig, line: number | undefined, language: PolicyLanguage): Pot {
  const contributors = written.contributors.map(({ tool, ...rule }) => ({
    globs: [tool].flat().map((pattern) => language.glob(pattern, { folded: true })),
    amount: compileAmount({ ...rule, currency: written.currency }),
  }));
  return {
    name: written.name,
    line,
    limit: written.limit,
    currency: written.currency,
    key: written.key ?? (written.window === 'session' ? 'session' : 'global'),
    onExceed: written.on_exceed,
    releaseOnError: written.release_on_error,
    window: compileWindow(written.window, written.zone),
    tools: written.contributors.flatMap(({ tool }) => tool),
    contributor: (tool) => contributors.find(({ globs }) => globs.some((matches) => matches(tool)))?.amount,
  };
}

function compileWindow(window: PotConfig['window'], zone: string): Window {
  if (window === 'session') {
    return {
      text: 'session',
      slidingMs: undefined,
      zone: undefined,
      at: (nowMs) => ({ sinceMs: 0, untilMs: nowMs + sessionIdleMs }),
      resetsAtMs: () => undefined,
    };
  }
  if (typeof window === 'number') {
    return {
      text: windowText(window),
      slidingMs: window,
      zone: undefined,
      at: (nowMs) => ({ sinceMs: nowMs - window + 1, untilMs: nowMs + window }),
      resetsAtMs: () => undefined,
    };
  }
  const periodAt = createCalendar(window satisfies CalendarUnit, zone);
  return {
    text: window,
    slidingMs: undefined,
    zone,
    at(nowMs) {
      const { startMs, endMs } = periodAt(nowMs);
      return { sinceMs: startMs, untilMs: endMs };
    },
    resetsAtMs: (nowMs) => periodAt(nowMs).endMs,
  };
}

export function bucketOf(pot: Pot, key: string): string {
  return bucketName('budget', pot.name, key);
}

/** What a call draws from a pot, or why that cannot be told. */
export type Draw = { readonly pot: Pot } & (
  | { readonly take: TakeOp; readonly key: string; readonly amount: AmountReader }
  | { readonly unresolved: Verdict }
  | { readonly invalid: Extract<ReadAmount, { ok: false }> }
);

export function drawFrom(
  pot: Pot,
  amount: AmountReader,
  { call, facts, nowMs }: Pick<CallContext, 'call' | 'facts' | 'nowMs'>,
): Draw {
  const read = amount.read(call);
  if (!read.ok) return { pot, invalid: read };
  const found = readKey(pot.key, { call, facts });
  if ('unresolved' in found) return { pot, unresolved: found.unresolved };
  const { sinceMs, untilMs } = pot.window.at(nowMs);
  const take: TakeOp = {
    op: 'take',
    bucket: bucketOf(pot, found.key),
    entry: call.id,
    amount: read.amount,
    limit: pot.limit,
    atMs: nowMs,
    sinceMs,
    expiresAtMs: untilMs,
    note: { tool: call.name, session: facts.get(session)?.id ?? null, agent: facts.get(agent)?.id ?? null },
  };
  return { pot, take, key: found.key, amount };
}
