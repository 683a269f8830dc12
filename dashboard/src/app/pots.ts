/** Rate limits, spend limits and budgets, as one list of gauges. */
import type { Host } from './host.ts';
import { count, money } from './format.ts';
import type { Json } from '../api-types.ts';

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
  /** When a calendar pot starts anew. */
  readonly resetsAtMs: number | null;
  readonly bucket: string;
  readonly line: number | null;
  readonly raw: { readonly [key: string]: Json };
}

/** Everything that fills, of the plugins that are loaded. */
export async function readPots(host: Host, signal?: AbortSignal): Promise<readonly PotView[]> {
  const [limits, budgets] = await Promise.all([
    host.has('rate-limits') || host.has('spend-limits') ? host.api.get<{ limits?: readonly unknown[] }>('/api/limits', signal).catch(() => ({ limits: [] })) : { limits: [] },
    host.has('budgets') ? host.api.get<{ budgets?: readonly unknown[] }>('/api/budgets', signal).catch(() => ({ budgets: [] })) : { budgets: [] },
  ]);
  return [...(limits.limits ?? []).flatMap((limit) => potsOf(limit, 'rate')), ...(budgets.budgets ?? []).flatMap((budget) => potsOf(budget, 'budget'))];
}
function potsOf(_value: unknown, _kind: PotView['kind']): readonly PotView[] {
  return [];
}
export function textOf(amount: string, currency: string, kind: PotView['kind']): string {
  return kind === 'rate' ? count(Number(amount)) : money(amount, currency);
}
/** A share for a bar; the exact amounts stay texts. */
export function shareOf(used: string, limit: string): number {
  const most = Number(limit);
  return most > 0 ? Number(used) / most : Number(used) > 0 ? 1 : 0;
}
