/** What a judgement costs with 10, 1,000 and 10,000 rules: nanoseconds of CPU per call, no plugin wiring around it. */
import { pathToFileURL } from 'node:url';
import type { Call, ToolDefinition } from '@gethelio/proxy/plugin';
import { judge } from '../plugins/policy/judge.ts';
import { compileForTest } from '../plugins/policy/test/compile.ts';

export interface PolicyCost {
  readonly rules: number;
  readonly compileMs: number;
  /** A tool that a handful of rules are about, its name seen before. */
  readonly callNs: number;
  /** A name that was never seen. */
  readonly newNameNs: number;
}

/** Real-looking rules: literal names, prefixes, lists, and comparisons of arguments. */
export function manyRules(count: number): readonly unknown[] {
  return Array.from({ length: count }, (_, i) => {
    const area = `area${Math.floor(i / 5)}`;
    return [
      { match: { tool: `${area}_delete_*` }, action: 'deny' },
      { match: { tool: `${area}_pay`, input: { '$.amount': { gt: 100 + i } } }, action: 'require_approval' },
      { match: { tool: [`${area}_read`, `${area}_list`] }, action: 'allow' },
      { match: { tool: `${area}_pay`, input: { '$.currency': { not_in: ['GBP', 'EUR'] } } }, action: 'deny' },
      { match: { tool: `${area}_*`, annotations: { destructiveHint: true } }, action: 'require_approval' },
    ][i % 5];
  });
}

export function measurePolicy(counts: readonly number[] = [10, 1_000, 10_000], calls = 200_000): readonly PolicyCost[] {
  return counts.map((rules) => {
    const written = manyRules(rules);
    const from = performance.now();
    const policy = compileForTest({ default: 'allow', rules: written });
    const compileMs = performance.now() - from;
    const areas = Math.min(rules / 5, 50);
    const known = Array.from({ length: areas }, (_, i) => seen(`area${i}_pay`));
    const run = (n: number, next: (i: number) => ReturnType<typeof seen>) => {
      const started = process.cpuUsage(); // other processes cannot disturb it as they disturb a clock
      for (let i = 0; i < n; i++) void judge(policy, next(i));
      return (process.cpuUsage(started).user / n) * 1e3;
    };
    run(calls / 10, (i) => known[i % areas]!);
    const callNs = run(calls, (i) => known[i % areas]!);
    const fresh = Array.from({ length: 5_000 }, (_, i) => seen(`area${i % (rules / 5)}_fresh${i}`));
    return { rules, compileMs, callNs, newNameNs: run(fresh.length, (i) => fresh[i]!) };
  });
}

function seen(name: string) {
  const call = {
    kind: 'tool',
    name,
    upstream: 'shop',
    arguments: { amount: 50, currency: 'GBP' },
    decimal: (path: string) => (path === '$.amount' ? '50' : undefined),
  } as unknown as Call;
  const annotations = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true };
  const tool = { name, annotations, inputSchema: undefined, raw: {} } as ToolDefinition;
  return { call, facts: { get: () => undefined }, nowMs: 0, tool };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const costs = measurePolicy(undefined, Number(process.argv[2] ?? 200_000));
  process.stdout.write(`${JSON.stringify(costs)}\n`);
}
