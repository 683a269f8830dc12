/** Rate limits, spend limits and budgets, as one list of gauges. */
import type { Host } from './host.ts';
import { count, duration, money } from './format.ts';

/** One bucket that fills, as the API shows it. */
interface Gauge {
  readonly key: string;
  readonly bucket: string;
  readonly used: string;
  readonly limit: string;
  readonly share: number;
  readonly fullInMs: number | null;
  readonly resetsAtMs: number | null;
}
interface Limit {
  readonly kind: 'rate' | 'spend';
  readonly rule: string;
  readonly mode: 'enforce' | 'shadow';
  readonly limit: string;
  readonly currency: string | null;
  readonly windowMs: number;
  readonly key: 'tool' | 'session' | 'agent' | 'global';
  readonly keys: readonly Gauge[];
}
interface Budget {
  readonly name: string;
  readonly limit: string;
  readonly currency: string | null;
  readonly window: string;
  readonly key: string;
  readonly tools: readonly string[];
  readonly keys: readonly Gauge[];
}
interface LedgerEntry {
  readonly entry: string;
  readonly amount: string;
  readonly atMs: number;
  readonly tool: string | null;
  readonly session: string | null;
  readonly agent: string | null;
  readonly adjustment: { readonly by: string; readonly reason: string } | null;
}

/** A limit for one key, or a budget's pot. */
export interface PotView {
  readonly kind: 'rate' | 'spend' | 'budget';
  /** The rule's or the budget's name. */
  readonly name: string;
  /** Whom it belongs to: a tool, a session, an agent; `global`. */
  readonly key: string;
  readonly title: string;
  readonly currency: string;
  readonly usedText: string;
  readonly limitText: string;
  /** 0 to 1; more when overdrawn. For bars: amounts stay exact texts. */
  readonly share: number;
  readonly window: string;
  readonly fullInMs: number | null;
  readonly resetsAtMs: number | null;
  readonly bucket: string;
  /** Globs of the tools that fill it, where that is known. */
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
export async function readPots(host: Host, signal?: AbortSignal): Promise<readonly PotView[]> {
  const isLimited = host.has('rate-limits') || host.has('spend-limits');
  const [limits, budgets] = await Promise.all([
    isLimited ? host.api.get<{ limits: readonly Limit[] }>('/api/limits', signal) : { limits: [] },
    host.has('budgets') ? host.api.get<{ budgets: readonly Budget[] }>('/api/budgets', signal) : { budgets: [] },
  ]);
  return [...budgets.budgets.flatMap(potsOfBudget), ...limits.limits.flatMap(potsOfLimit)];
}

function potsOfLimit(limit: Limit): readonly PotView[] {
  const currency = limit.currency ?? '';
  const text = (amount: string): string => (limit.kind === 'rate' ? count(Number(amount)) : money(amount, currency));
  const all = { kind: limit.kind, name: limit.rule, currency, window: shortWindow(limit.windowMs) };
  const shadow = limit.mode === 'shadow' ? ' (shadow)' : '';
  if (limit.keys.length === 0) {
    return [
      {
        ...all,
        key: '',
        title: limit.rule + shadow,
        usedText: text('0'),
        limitText: text(limit.limit),
        share: 0,
        fullInMs: null,
        resetsAtMs: null,
        bucket: '',
        tools: [],
      },
    ];
  }
  return limit.keys.map((gauge) => ({
    ...all,
    ...gaugeParts(gauge, text),
    title: limit.key === 'global' ? limit.rule + shadow : `${limit.rule} · ${shortKey(limit.key, gauge.key)}${shadow}`,
    tools: limit.key === 'tool' ? [shortKey(limit.key, gauge.key)] : [],
  }));
}

function potsOfBudget(budget: Budget): readonly PotView[] {
  const currency = budget.currency ?? '';
  const text = (amount: string): string => money(amount, currency);
  const all = { kind: 'budget' as const, name: budget.name, currency, window: budget.window, tools: budget.tools };
  if (budget.keys.length === 0) {
    return [
      {
        ...all,
        key: '',
        title: budget.name,
        usedText: text('0'),
        limitText: text(budget.limit),
        share: 0,
        fullInMs: null,
        resetsAtMs: null,
        bucket: '',
      },
    ];
  }
  return budget.keys.map((gauge) => ({
    ...all,
    ...gaugeParts(gauge, text),
    title: gauge.key === 'global' ? budget.name : `${budget.name} · ${shortKey(budget.key, gauge.key)}`,
  }));
}

/** Tools are counted as `upstream/tool`. */
function shortKey(kind: string, key: string): string {
  return kind === 'tool' ? key.slice(key.indexOf('/') + 1) : key;
}

function gaugeParts(gauge: Gauge, text: (amount: string) => string) {
  const { key, bucket, share, fullInMs, resetsAtMs } = gauge;
  return { key, bucket, share, fullInMs, resetsAtMs, usedText: text(gauge.used), limitText: text(gauge.limit) };
}

function shortWindow(ms: number): string {
  return duration(ms).replace(' ', ' ');
}

/** What fills a budget's pot, newest first. */
export async function readEntries(host: Host, pot: PotView, signal: AbortSignal): Promise<readonly PotEntry[]> {
  const path = `/api/budgets/${encodeURIComponent(pot.name)}?key=${encodeURIComponent(pot.key)}`;
  const { entries } = await host.api.get<{ entries: readonly LedgerEntry[] }>(path, signal);
  return entries.map(({ entry, amount, atMs, tool, agent, adjustment }) => ({
    atMs,
    amount,
    about:
      adjustment === null
        ? `${tool ?? ''}${agent === null ? '' : ` by ${agent}`}`
        : `Adjusted by ${adjustment.by}: ${adjustment.reason}`,
    call: adjustment === null ? entry : '',
  }));
}

/** Takes room away (a positive amount) or makes room (a negative one). */
export async function adjustPot(host: Host, pot: PotView, amount: string, reason: string): Promise<void> {
  const body = { amount, reason, ...(pot.key === '' ? {} : { key: pot.key }) };
  await host.api.post(`/api/budgets/${encodeURIComponent(pot.name)}/adjust`, body);
}
