/** Rate limits, spend limits and budgets, as one list of gauges. */
import type { Host } from './host.ts';
import { count, money } from './format.ts';

/** One bucket that fills: a limit for one key, or a budget's pot. */
export interface PotView {
  readonly kind: 'rate' | 'spend' | 'budget';
  /** The rule's or the budget's name. */
  readonly name: string;
  /** The key's value: a tool, a session, an agent; empty for a global one. */
  readonly key: string;
  readonly title: string;
  readonly used: string;
  readonly limit: string;
  readonly currency: string;
  readonly usedText: string;
  readonly limitText: string;
  /** 0 to 1; more when overdrawn. */
  readonly share: number;
  readonly window: string;
  readonly windowMs: number | null;
  /** When a calendar pot starts anew. */
  readonly resetsAtMs: number | null;
  readonly oldestAtMs: number | null;
  readonly bucket: string;
  /** Globs of the tools that fill it. */
  readonly tools: readonly string[];
}
export interface PotEntry {
  readonly atMs: number;
  readonly amount: string;
  /** Tool, agent, reason: what the plugin noted. */
  readonly about: string;
  /** The call's id; empty for an adjustment. */
  readonly call: string;
}

/** Everything that fills, of the plugins that are loaded. */
export async function readPots(_host: Host, _signal?: AbortSignal): Promise<readonly PotView[]> {
  return [];
}
export async function readEntries(_host: Host, _pot: PotView, _signal: AbortSignal): Promise<readonly PotEntry[]> {
  return [];
}
export async function adjustPot(_host: Host, _pot: PotView, _amount: string, _reason: string): Promise<void> {}

/** When it is full, if it fills on as it did since its oldest entry. */
export function timeToEmptyMs(pot: PotView, nowMs = Date.now()): number | undefined {
  if (pot.oldestAtMs === null || pot.share <= 0 || pot.share >= 1) return undefined;
  const passedMs = Math.max(60_000, nowMs - pot.oldestAtMs);
  return (passedMs / pot.share) * (1 - pot.share);
}
export function textOf(amount: string, currency: string, kind: PotView['kind']): string {
  return kind === 'rate' ? count(Number(amount)) : money(amount, currency);
}
/** A share for a bar; the exact amounts stay texts. */
export function shareOf(used: string, limit: string): number {
  const most = Number(limit);
  return most > 0 ? Number(used) / most : Number(used) > 0 ? 1 : 0;
}
